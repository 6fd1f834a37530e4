// What the file, the environment and the command line say, checked key by key against the table, not yet applied.
#pragma once

#include "config/files.hpp"
#include "config/problems.hpp"
#include "config/value.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::config {

struct Setting {
    Value value;
    Origin origin;
    bool is_secret = false;  // the value is the secret itself, not the path of its file
};

struct Draft {
    std::string scope;  // "repositories[2]." for what stands under an entry
    std::map<Key const*, Setting> settings;
    std::map<std::string, Mark, std::less<>> sections;  // where each section of the file begins; "" is the whole
    YamlPtr labels, repositories;                       // read by their own functions; null: not there

    // Where the key was set, else the section that it belongs to.
    [[nodiscard]] Origin place(std::string_view path) const;
    [[nodiscard]] Setting const* find(std::string_view path) const;
};

// The map `node` holds the keys below `prefix` ("" or "policy").
void read_section(YamlNode const& node, std::string const& prefix, Draft& draft, Problems& problems);
void read_environment(std::map<std::string, std::string> const& environment, Draft& draft, Problems& problems);
void read_flags(std::map<std::string, std::string> const& flags, Draft& draft, Problems& problems);

// One value of the file. Empty: a problem was added. shown: the path in full.
std::optional<Value> read_value(Key const& key, YamlNode const& node, std::string const& shown, Problems& problems);

// "did you mean lock.ttl?", or what there is.
std::string suggestion(std::string const& word, std::vector<std::string> const& known);

// Sets every member that the draft names; reads the secrets' files.
void apply(Draft const& draft, Config& config, Files& files, Problems& problems);

}  // namespace groomer::config
