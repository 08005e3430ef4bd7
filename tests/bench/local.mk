# The baseline for a registration, and its measurement. Never part of "make check":
# see tests/bench/run.
EXTRA_DIST += tests/bench/floor.c tests/bench/measure.c tests/bench/run tests/bench/README.md
EXTRA_DIST += tests/bench/hostile-load tests/bench/connection-memory tests/bench/attacked.py
EXTRA_DIST += tests/bench/hostile.c tests/bench/hostile-floods.c tests/bench/hostile-floods.h
EXTRA_DIST += tests/bench/honest.c
EXTRA_DIST += tests/bench/boot-timeline tests/bench/boot_picture.py tests/bench/structure
EXTRA_DIST += tests/bench/route-to-request tests/bench/routes.py
EXTRA_DIST += tests/bench/listing
EXTRA_DIST += tests/bench/registrar-rate tests/bench/raw-handshakes.c
