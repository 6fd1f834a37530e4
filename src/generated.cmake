# Sources that are made while configuring and building: the SQL of the migrations, the status page, and the version.

function(groomer_embed_migrations target)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/store/migrations/*.sql)
  set(entries "")
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME_WE)
    string(REGEX MATCH "^[0-9]+" version ${name})
    math(EXPR version "${version}")
    file(READ ${file} sql)
    string(APPEND entries "    {${version}, \"${name}\", R\"sql_text(${sql})sql_text\"},\n")
  endforeach()
  set(out ${PROJECT_BINARY_DIR}/generated/migrations.cpp)
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT [[#include "store/store.hpp"

namespace groomer::store {

std::vector<pg::Migration> const& migrations() {
    static std::vector<pg::Migration> const all{
@entries@    };
    return all;
}

}  // namespace groomer::store
]])
  target_sources(${target} PRIVATE ${out})
endfunction()

function(groomer_embed_page target)
  set(file ${PROJECT_SOURCE_DIR}/src/api/page/status.html)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} html)
  set(out ${PROJECT_BINARY_DIR}/generated/page_text.cpp)
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT [[#include "api/page.hpp"

namespace groomer::api {

std::string_view page_text() { return R"page_text(@html@)page_text"; }

}  // namespace groomer::api
]])
  target_sources(${target} PRIVATE ${out})
endfunction()

# The revision is asked for at build time, so that it is that of what is built.
function(groomer_version_header target)
  set(out ${PROJECT_BINARY_DIR}/generated/version/app/version_data.hpp)
  add_custom_target(groomer_version BYPRODUCTS ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DSOURCE=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
            -P ${PROJECT_SOURCE_DIR}/src/app/version.cmake)
  add_dependencies(${target} groomer_version)
  target_include_directories(${target} PRIVATE ${PROJECT_BINARY_DIR}/generated/version)
endfunction()
