// What GitHub's description says of its operations, as cut.js sums it up.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::contract {

struct DocumentedAnswer {
    int status = 0;
    std::vector<std::string> examples;
};

struct Operation {
    std::string method;
    std::string path;             // its template
    std::set<std::string> query;  // names of parameters
    std::set<std::string> body;   // names of properties
    std::vector<DocumentedAnswer> answers;
};

class Operations {
public:
    // Throws where it cannot be read.
    explicit Operations(std::string const& file);

    // By its template; nullptr if there is none.
    [[nodiscard]] Operation const* find(std::string_view method, std::string_view path) const;
    // The one that a request's path belongs to: of several the one with the most words of its own.
    [[nodiscard]] Operation const* of(std::string_view method, std::string_view path) const;

private:
    std::vector<Operation> all_;
};

// What of this request GitHub would pass over without a word, where prism does: names that are not described. "" if there is nothing.
std::string undescribed(Operation const& operation, std::string_view query, std::string_view body);

}  // namespace groomer::contract
