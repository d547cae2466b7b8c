# A hash of sources, compiled in: programs made of the same sources by the same compiler share what they keep.
#   stargate_fingerprint(<target> <symbol> <module>...)
# adds to <target> a generated .cpp that defines `extern const std::string_view stargate::embedded::<symbol>`, a hash of
# every source of these modules and of the compiler. The same file, run with `cmake -P`, is the generator.
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  file(STRINGS ${LIST} files)
  set(all "${COMPILER}")
  foreach(file IN LISTS files)
    file(SHA256 ${file} hash)
    string(APPEND all ${hash})
  endforeach()
  string(SHA256 hash "${all}")
  file(WRITE ${OUTPUT}
    "#include <string_view>\n"
    "namespace stargate::embedded {\n"
    "extern const std::string_view ${SYMBOL};\n"
    "constinit const std::string_view ${SYMBOL}{\"${hash}\"};\n"
    "}  // namespace stargate::embedded\n")
  return()
endif()

set(STARGATE_FINGERPRINT_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(stargate_fingerprint target symbol)
  set(files)
  foreach(module IN LISTS ARGN)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/stargate/${module}/*.cpp ${CMAKE_SOURCE_DIR}/stargate/${module}/*.hpp)
    list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
    list(APPEND files ${sources})
  endforeach()
  set(output ${CMAKE_BINARY_DIR}/embedded/${symbol}.cpp)
  set(list ${CMAKE_BINARY_DIR}/embedded/${symbol}.txt)
  list(JOIN files "\n" lines)
  file(CONFIGURE OUTPUT ${list} CONTENT "${lines}\n")
  set(compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_SYSTEM_PROCESSOR} ${CMAKE_BUILD_TYPE}")
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DLIST=${list} -DOUTPUT=${output} -DSYMBOL=${symbol} -DCOMPILER=${compiler} -P ${STARGATE_FINGERPRINT_SCRIPT}
    DEPENDS ${files} ${list} ${STARGATE_FINGERPRINT_SCRIPT} COMMENT "Hashing the sources of ${symbol}" VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
