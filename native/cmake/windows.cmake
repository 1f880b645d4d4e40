# What is particular to Windows: the files of the port, how the libraries are linked and what Windows shows of them.

if(NOT PORTCULLIS_SANITIZE STREQUAL "")
  message(FATAL_ERROR "MinGW-w64 has no runtimes for sanitizers; leave PORTCULLIS_SANITIZE empty")
endif()

enable_language(RC)

set(system win32)
set(port_sources
  port/endpoint_win32.c
  port/hub_win32.c
  port/listener_win32.c
  port/port_win32.c
  port/process_win32.c
  port/stream_win32.c
  port/token_win32.c)
set(double_sources double/stand_in_win32.c)
set(io_sources io/files_win32.c io/pipe_win32.c)
set(system_libraries advapi32 ntdll)

# Windows 10, Server 2016: what the Node that runs the host needs as well. And the short <windows.h>, which saves a third
# of the build.
add_compile_definitions(_WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN)

# portcullis.dll, not libportcullis.dll.
set(CMAKE_SHARED_LIBRARY_PREFIX "")

# The compiler's own runtime goes into each file, so that nothing but the system's libraries is asked for.
add_link_options(-static-libgcc LINKER:--high-entropy-va LINKER:--dynamicbase LINKER:--nxcompat)
# Nor, as on Linux, does a file say when it was built.
add_link_options(LINKER:--no-insert-timestamp)

# The completions come from WinRM's own library, be it the real one or the double.
set(winrm_definitions ${CMAKE_SOURCE_DIR}/wsman/WsmSvc.def)
set(winrm_library ${CMAKE_BINARY_DIR}/winrm.a)
add_custom_command(
  OUTPUT ${winrm_library}
  # A name without folders: dlltool makes names of symbols of it.
  COMMAND ${CMAKE_DLLTOOL} --input-def ${winrm_definitions} --output-lib winrm.a --temp-prefix winrm
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
  DEPENDS ${winrm_definitions})

# Made before whoever links it: several that made it at once would write the same file.
add_custom_target(winrm_import DEPENDS ${winrm_library})

function(link_winrm target)
  target_sources(${target} PRIVATE ${winrm_library} plugin/portcullis.def)
  target_link_libraries(${target} PRIVATE ${winrm_library})
  add_dependencies(${target} winrm_import)
endfunction()

# Which calls of the plug-in the build for tests sends through native/probes.
set(probe_options LINKER:--wrap=port_mutex_lock LINKER:--wrap=port_mutex_unlock LINKER:--wrap=port_alloc)

function(link_product target description)
  set(version_name ${target})
  get_target_property(version_type ${target} TYPE)
  if(version_type STREQUAL "EXECUTABLE")
    set(version_type VFT_APP)
    set(version_suffix .exe)
  else()
    set(version_type VFT_DLL)
    set(version_suffix .dll)
  endif()
  set(version_description ${description})
  configure_file(${CMAKE_SOURCE_DIR}/cmake/version.rc.in ${CMAKE_BINARY_DIR}/${target}.rc @ONLY)
  target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/${target}.rc)
  target_link_options(${target} PRIVATE LINKER:--exclude-libs,ALL)
endfunction()

# Texts of the Event Log: a header with their identifiers, and a resource that is linked into the program.
function(add_message_table target source)
  get_filename_component(name ${source} NAME_WE)
  set(made ${CMAKE_BINARY_DIR}/${name})
  add_custom_command(
    OUTPUT ${made}/${name}_table.h ${made}/${name}.rc
    COMMAND ${CMAKE_COMMAND} -E make_directory ${made}
    COMMAND ${MINGW_WINDMC} -U -h ${made} -r ${made} ${CMAKE_SOURCE_DIR}/${source}
    COMMAND ${CMAKE_COMMAND} -E rename ${made}/${name}.h ${made}/${name}_table.h
    DEPENDS ${source})
  target_sources(${target} PRIVATE ${made}/${name}_table.h ${made}/${name}.rc)
  target_include_directories(${target} PRIVATE ${made})
endfunction()
