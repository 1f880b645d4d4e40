# What is particular to Linux: the files of the port, sanitizers, how the libraries are linked.

set(system posix)
set(port_sources port/port_posix.c port/channel_posix.c)
set(io_sources io/files_posix.c)

find_package(Threads REQUIRED)
set(system_libraries Threads::Threads ${CMAKE_DL_LIBS} m)

if(PORTCULLIS_SANITIZE STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(PORTCULLIS_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread -fno-omit-frame-pointer)
elseif(NOT PORTCULLIS_SANITIZE STREQUAL "")
  message(FATAL_ERROR "PORTCULLIS_SANITIZE is address, thread or empty, not ${PORTCULLIS_SANITIZE}")
endif()
add_compile_options(${sanitizers})
add_link_options(${sanitizers})

# The completions: there is no other WinRM here than the double.
function(link_winrm target)
  target_link_libraries(${target} PRIVATE WsmSvc)
  # A name that is not one of ours or the system's is an error at build time, not in IIS.
  target_link_options(${target} PRIVATE $<$<STREQUAL:${PORTCULLIS_SANITIZE},>:LINKER:--no-undefined>)
endfunction()

# Which calls of the plug-in the build for tests sends through native/probes.
set(probe_options
  LINKER:--wrap=port_mutex_lock LINKER:--wrap=port_mutex_unlock LINKER:--wrap=calloc LINKER:--wrap=clock_gettime)

function(link_product target description)
  target_link_options(${target} PRIVATE LINKER:--exclude-libs,ALL)
endfunction()
