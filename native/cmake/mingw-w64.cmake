# Builds for 64-bit Windows with MinGW-w64 (on Debian the package gcc-mingw-w64-x86-64). The compiler's variant with
# Windows' own threads comes first: nothing here uses POSIX threads, and nothing may depend on their library.

set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)

find_program(MINGW_GCC NAMES x86_64-w64-mingw32-gcc-win32 x86_64-w64-mingw32-gcc REQUIRED)
find_program(MINGW_WINDRES NAMES x86_64-w64-mingw32-windres REQUIRED)
find_program(MINGW_WINDMC NAMES x86_64-w64-mingw32-windmc REQUIRED)

set(CMAKE_C_COMPILER ${MINGW_GCC})
set(CMAKE_RC_COMPILER ${MINGW_WINDRES})
set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
