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

# AR_FORTIFY(VARIABLE): append -D_FORTIFY_SOURCE=2 if the compiler optimizes and has not set it
AC_DEFUN([AR_FORTIFY],
 [AC_MSG_CHECKING([whether to add -D_FORTIFY_SOURCE=2])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#if !defined __OPTIMIZE__ || defined _FORTIFY_SOURCE
#error "not wanted"
#endif
]], [[]])],
    [AC_MSG_RESULT([yes]); $1="$$1 -D_FORTIFY_SOURCE=2"], [AC_MSG_RESULT([no])])])
