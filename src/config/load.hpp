// From the file, the environment and the command line to a checked configuration.
#pragma once

#include "config/config.hpp"
#include "config/files.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace groomer::config {

// Something that the configuration can say and this program cannot do: refused where an entry uses it.
struct Unsupported {
    std::string path;                      // of the key, as below an entry: "tracker", "policy.mode"
    bool (*used)(Repository const&) = {};  // by this entry, whether it says so itself or inherits it
    std::string instead;                   // what to do
    std::string why = "asks for what is not in this version of groomer";
};

struct Source {
    std::string path;                                // of the YAML file; empty: none
    std::optional<std::string> text{};               // instead of the file's content; path is then only its name
    std::map<std::string, std::string> environment;  // every variable; others than GROOMER_* are not looked at
    std::map<std::string, std::string> flags;        // lock.ttl: 5s
    std::vector<Unsupported> unsupported{};          // beyond what the table of keys refuses
    // The files that serving an entry writes: none of them may be another entry's. Null: none.
    std::vector<std::string> (*writes)(Repository const&) = nullptr;
    // Can the database library read this connection string? Null: whatever the table allows.
    bool (*connects)(std::string const& url) = nullptr;
};

struct Loaded {
    Config config;
    std::vector<std::string> warnings;  // it will run, but hardly as meant
    std::vector<WatchedFile> files;     // what was read: the configuration first, then secrets
};

// As `load`, for who goes on after a failure: the files are known then too, so that a mended one is noticed.
struct Attempt {
    std::optional<Config> config;  // empty: errors says why
    std::string errors;            // one line each, no secrets
    std::vector<std::string> warnings;
    std::vector<WatchedFile> files;
};

Attempt try_load(Source const& source);

// Throws Error (config) with all that is wrong, one line each.
Loaded load(Source const& source);

// The variables of this process.
std::map<std::string, std::string> process_environment();

}  // namespace groomer::config
