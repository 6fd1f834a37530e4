// What people send with a call that changes something: what they may ask for, and what the audit keeps of it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace groomer::api {

// POST /api/groomer/run.
struct RunRequest {
    std::optional<std::string> repo;
    std::optional<std::int64_t> issue;  // of it
    bool dry_run = false;
    bool force = false;
};
// Or what is wrong with it, in a sentence. No body at all asks for one batch.
std::variant<RunRequest, std::string> parse_run_request(std::string_view body);

// POST /api/groomer/pause and /resume.
struct PauseRequest {
    std::string reason;  // one line; may be empty
};
// The same.
std::variant<PauseRequest, std::string> parse_pause_request(std::string_view body);

// The request as it was understood, as JSON; "" where it was not.
std::string told_of_run(std::string_view body);
std::string told_of_pause(std::string_view body);

}  // namespace groomer::api
