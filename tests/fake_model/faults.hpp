// What goes wrong on purpose, and when. Pure: answer.* and spoil.* say how it looks, the server carries it out.
#pragma once

#include "fake_model/question.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace groomer::fake_model {

// clang-format off
enum class FaultKind : std::uint8_t {
    none,  // only delays
    // An error stands in for the answer.
    rate_limit, rate_limit_date, rate_limit_bare, quota, credit, spend_limit, unauthorized, forbidden, model_not_found, gone,
    no_json_schema, no_json_object, context_length, too_large, server_error, bad_gateway, unavailable, gateway_timeout, overloaded,
    // The connection fails.
    close_before, close_in_body, silent, garbage, garbage_body,
    // It is answered, and wrongly.
    refusal, length, empty, null_content, content_filter, not_json, other_shape, fenced, nul_bytes, nul_escapes, huge, unknown_label,
    contradiction, duplicate_keys, wrong_duplicate, numbers_as_strings, no_usage, absurd_usage, negative_usage, zero_usage,
    no_choices, text_for_tool, several_blocks,
};
// clang-format on

struct FaultName {
    FaultKind kind;
    std::string_view name;
    std::string_view says;  // a few words for people
};
std::span<FaultName const> fault_names();
std::string_view name_of(FaultKind kind);
// Whether that request can go wrong in this way: Anthropic has no content filter, OpenAI no 529.
bool applies(FaultKind kind, Question const& question);

struct Fault {
    FaultKind kind = FaultKind::none;
    std::chrono::milliseconds delay{0};                    // before the answer, or what comes instead
    std::optional<std::chrono::seconds> retry_after = {};  // of every kind with a status; 1 s where it is a rate limit
};

struct Matcher {
    std::string text = {};    // a part of the user text; "": any
    std::uint64_t nth = 1;    // the first that springs it, of those that match
    std::uint64_t every = 1;  // and each so many after it
    std::uint64_t times = 0;  // how often it springs at most; 0: without end
    double probability = 1;   // of each of these
};

class Faults {
public:
    void add(Matcher matcher, Fault fault) { rules_.push_back({std::move(matcher), fault}); }
    // "rate_limit", "rate_limit:every=3,retry_after=2s", "delay:delay=200ms,p=0.1", "refusal:times=1,text=two words": `text` is
    // the last, and goes to the end. Throws std::invalid_argument.
    void add(std::string_view rule);
    void clear() { rules_.clear(); }
    void seed(std::uint64_t seed) { random_.seed(seed); }
    // The first rule that springs at this request; those after it do not see it.
    std::optional<Fault> next(Question const& question);
    [[nodiscard]] std::uint64_t sprung() const { return sprung_; }

private:
    struct Rule {
        Matcher matcher;
        Fault fault;
        std::uint64_t seen = 0, sprung = 0;
    };
    std::vector<Rule> rules_;
    std::mt19937_64 random_{1};
    std::uint64_t sprung_ = 0;
};

}  // namespace groomer::fake_model
