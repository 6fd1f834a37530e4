// What was asked and what came of it: one line of JSON a request, without a key and, unless a test wants it, without its text.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace groomer::fake_model {

struct Entry {
    std::string time, protocol, rung, model;
    bool key_ok = false;
    std::size_t bytes = 0;  // of the request's body
    std::size_t prompt_tokens = 0, completion_tokens = 0;
    std::string user_sha256;
    int status = 0;                                   // 0: no answer
    std::string fault = {};                           // its name
    std::string system = {}, user = {}, answer = {};  // with Log::keep_text alone
};

class Log {
public:
    bool keep_text = false;

    // Lines are also appended to that file, each at once. Throws std::runtime_error where it cannot be written.
    void log_to(std::string const& path);
    void add(Entry entry);
    [[nodiscard]] std::vector<Entry> const& entries() const { return entries_; }
    void clear() { entries_.clear(); }

private:
    std::vector<Entry> entries_;
    std::ofstream file_;
};

boost::json::object as_json(Entry const& entry, bool with_text);

}  // namespace groomer::fake_model
