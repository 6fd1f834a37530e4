// What is wrong with a configuration: every finding with its place, so that a user mends all of them in one go.
#pragma once

#include "config/yaml.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace groomer::config {

// Later layers win over earlier ones.
enum class Layer { file, environment, flag };

struct Origin {
    Layer layer = Layer::file;
    Mark mark{};         // in the file
    std::string name{};  // of the variable or flag
};

class Problems {
public:
    // file: its name as the user wrote it, empty without one. text: its content.
    Problems(std::string file, std::string text) : file_{std::move(file)}, text_{std::move(text)} {}

    // key may be empty. Never put a secret into the sentence.
    void add(Origin const& origin, std::string_view key, std::string_view sentence);
    [[nodiscard]] bool empty() const { return found_.empty(); }
    [[nodiscard]] std::size_t size() const { return found_.size(); }

    // One line each, in the order of the file, at most 50.
    [[nodiscard]] std::string render() const;
    // "groomer.yaml:3:8"
    [[nodiscard]] std::string where(Origin const& origin) const;

private:
    struct Finding {
        Origin origin;
        std::string sentence;
    };
    std::string file_, text_;
    std::vector<Finding> found_;
};

}  // namespace groomer::config
