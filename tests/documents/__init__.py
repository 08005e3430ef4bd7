# SPDX-License-Identifier: ISC
"""The checks of tests/check-documents. Most modules have check(tree), which yields a sentence for
each fault, and "SKIP: ..." for what it cannot look at here."""
