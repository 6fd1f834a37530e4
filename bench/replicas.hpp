// Real replicas: the release binary, or this program's, which holds `global` until it is killed.
#pragma once

#include "child.hpp"
#include "database.hpp"
#include "report.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace groomer::bench {

// A folder for configuration, logs and backlog, gone at the end.
class Scratch {
public:
    Scratch();
    ~Scratch();
    Scratch(Scratch const&) = delete;
    Scratch& operator=(Scratch const&) = delete;
    [[nodiscard]] std::filesystem::path const& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// Writes a configuration for a database, with an empty backlog, and returns its path. `schedule` is YAML.
std::string write_configuration(Scratch const& scratch, std::string const& name, std::string const& url,
                                std::string const& schedule = "{}");

enum class Program { groomer, holder };

std::unique_ptr<Child> start_replica(Setup const& setup, Program program, std::string const& configuration, std::string const& pod,
                                     std::string const& output, std::map<std::string, std::string> variables = {});

}  // namespace groomer::bench
