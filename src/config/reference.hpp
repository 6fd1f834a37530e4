// The documents that are made from the table of keys. A test compares them with the files in docs/.
#pragma once

#include <string>

namespace groomer::config {

// docs/configuration.md
std::string render_reference();
// docs/config.schema.json (JSON Schema, draft 2020-12)
std::string render_schema();
// A file with every key at its default and the rest commented out; it loads.
std::string render_example();

}  // namespace groomer::config
