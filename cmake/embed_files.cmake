# Turns files into C++ at build time, so that the program needs none of them when it runs.
#   stargate_embed(<target> <symbol> <file> [<symbol> <file>]...)
# adds to <target>, for each pair, a generated .cpp that defines `extern const std::string_view stargate::embedded::<symbol>`.
# The bytes are one string literal of hex escapes: it compiles in a fraction of a second where an initialiser list of
# 200 kB takes several. The same file, run with `cmake -P`, is the generator.
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  file(READ ${INPUT} bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(..)" "\\\\x\\1" literal "${bytes}")
  file(WRITE ${OUTPUT}
    "#include <string_view>\n"
    "namespace stargate::embedded {\n"
    "extern const std::string_view ${SYMBOL};\n"
    "constinit const std::string_view ${SYMBOL}{\"${literal}\", ${size}};\n"
    "}  // namespace stargate::embedded\n")
  return()
endif()

set(STARGATE_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(stargate_embed target)
  set(pairs ${ARGN})
  while(pairs)
    list(POP_FRONT pairs symbol file)
    set(output ${CMAKE_BINARY_DIR}/embedded/${symbol}.cpp)
    add_custom_command(OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${output} -DSYMBOL=${symbol} -P ${STARGATE_EMBED_SCRIPT}
      DEPENDS ${file} ${STARGATE_EMBED_SCRIPT} COMMENT "Embedding ${symbol}" VERBATIM)
    set_source_files_properties(${output} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
    target_sources(${target} PRIVATE ${output})
  endwhile()
endfunction()

# What the HTML report is made of: our page, style and scripts, and Chart.js 3 (MIT) from Debian's libjs-chart.js.
function(stargate_embed_report target)
  find_file(STARGATE_CHART_JS chart.min.js PATHS /usr/share/javascript/chart.js NO_DEFAULT_PATH)
  if(NOT STARGATE_CHART_JS)
    message(FATAL_ERROR "chart.min.js not found: install libjs-chart.js, or pass -DSTARGATE_CHART_JS=<path of Chart.js 3>")
  endif()
  set(web ${CMAKE_SOURCE_DIR}/web/report)
  stargate_embed(${target} report_html ${web}/report.html report_css ${web}/report.css chart_js ${STARGATE_CHART_JS}
    report_format_js ${web}/format.js report_figure_js ${web}/figure.js report_limits_js ${web}/limits.js
    report_ground_js ${web}/ground.js report_answers_js ${web}/answers.js report_js ${web}/report.js)
endfunction()
