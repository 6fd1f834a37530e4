# The revision: GROOMER_REVISION of the environment, where there is no repository, as in a container's build; or else git's.
set(revision $ENV{GROOMER_REVISION})
if(NOT revision)
  execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT revision)
  set(revision unknown)
endif()
set(text "#pragma once
#define GROOMER_VERSION \"${VERSION}\"
#define GROOMER_REVISION \"${revision}\"
")
set(old "")
if(EXISTS ${OUT})
  file(READ ${OUT} old)
endif()
if(NOT old STREQUAL text)
  file(WRITE ${OUT} "${text}")
endif()
