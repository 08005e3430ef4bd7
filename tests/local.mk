EXTRA_DIST += tests/unit/registrar.mk
