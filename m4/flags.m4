# Probing compiler and linker flags without changing the user's CFLAGS and LDFLAGS.

# AR_TRY_FLAG(KIND-VARIABLE, FLAG, IF-ACCEPTED): does a program build with FLAG added to the user's
# own flags?
AC_DEFUN([AR_TRY_FLAG],
 [ar_saved_flags="$$1"
  $1="$$1 $2"
  AC_MSG_CHECKING([whether the compiler accepts $2])
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[return puts("");]])],
    [AC_MSG_RESULT([yes]); ar_flag_works=yes], [AC_MSG_RESULT([no]); ar_flag_works=no])
  $1="$ar_saved_flags"
  AS_IF([test "x$ar_flag_works" = xyes], [$3])])

# AR_COMPILER_FLAGS(VARIABLE, FLAGS): append to VARIABLE each of FLAGS that works with -Werror
AC_DEFUN([AR_COMPILER_FLAGS],
 [for ar_flag in m4_normalize([$2]); do
    AR_TRY_FLAG([CFLAGS], [-Werror $ar_flag], [$1="$$1 $ar_flag"])
  done])

# AR_LINKER_FLAGS(VARIABLE, FLAGS): append to VARIABLE each of FLAGS that links
AC_DEFUN([AR_LINKER_FLAGS],
 [for ar_flag in m4_normalize([$2]); do
    AR_TRY_FLAG([LDFLAGS], [$ar_flag], [$1="$$1 $ar_flag"])
  done])

# AR_FORTIFY_LEVEL(VARIABLE): the highest level of _FORTIFY_SOURCE that compiler and C library know,
# whatever the user's flags say
AC_DEFUN([AR_FORTIFY_LEVEL],
 [AC_MSG_CHECKING([for the highest level of _FORTIFY_SOURCE])
  ar_saved_cflags="$CFLAGS" ar_saved_cppflags="$CPPFLAGS"
  CFLAGS="$CFLAGS -O2 -Werror"
  CPPFLAGS="$CPPFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <string.h>
#if !defined __USE_FORTIFY_LEVEL || __USE_FORTIFY_LEVEL < 3
#error "not known"
#endif
]], [[]])], [$1=3], [$1=2])
  CFLAGS="$ar_saved_cflags" CPPFLAGS="$ar_saved_cppflags"
  AC_MSG_RESULT([$$1])])

# AR_ZERO_INIT(VARIABLE): append to VARIABLE what makes the compiler set automatic variables to zero
# that the code does not initialize; clang before 16 wants it confirmed
AC_DEFUN([AR_ZERO_INIT],
 [ar_zero_init="-ftrivial-auto-var-init=zero"
  AR_TRY_FLAG([CFLAGS], [-Werror $ar_zero_init], [$1="$$1 $ar_zero_init"])
  AS_IF([test "x$ar_flag_works" = xno],
   [ar_confirmed="-enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang"
    ar_zero_init="$ar_zero_init $ar_confirmed"
    AR_TRY_FLAG([CFLAGS], [-Werror $ar_zero_init], [$1="$$1 $ar_zero_init"])])])
