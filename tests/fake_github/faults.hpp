// What goes wrong on purpose, and when: rules that match requests, each of them springing once, some times, or by chance.
// Pure; the server carries them out.
#pragma once

#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace groomer::fake_github {

enum class FaultKind : std::uint8_t {
    none,          // only delays
    status,        // instead of the effect: `status`, with GitHub's JSON
    html,          // instead of the effect: `status`, with a page for people
    close_before,  // nothing took effect, nothing is answered
    close_after,   // it took effect, nothing is answered
    reset_before,  // as close_before, but by a reset
    reset_after,
    half_close,    // it took effect; our side is shut without an answer, and the client's left open
    truncated,     // the answer's head and half of its body
    garbage,       // bytes that are no HTTP
    garbage_body,  // a sound head, and a body that is no JSON
    endless,       // a body that goes on until the client leaves, or `endless_limit`
    not_modified,  // 304, though nobody asked for it
    content_type,  // the answer, as text/plain
    field,         // the answer, with one field changed: see Fault::field
};

enum class FieldForm : std::uint8_t { missing, null, other_type, gigantic };

struct Fault {
    FaultKind kind = FaultKind::none;
    int status = 502;
    std::chrono::milliseconds delay_before{0};  // the effect
    std::chrono::milliseconds delay_after{0};
    std::string field = {};  // "title", "user.login"; of every element where the answer is a list. "": the whole answer
    FieldForm form = FieldForm::missing;
    std::vector<std::pair<std::string, std::string>> headers = {};  // of `status` and `html`: Retry-After, Location, …
    std::size_t gigantic_bytes = 4UL << 20U;
    std::uint64_t endless_limit = 1ULL << 30U;
};

struct Matcher {
    std::string method = {};  // "": any
    std::string path = "*";   // of the target without its query; "*" stands for anything, slashes too
    std::uint64_t nth = 1;    // the first that springs it, of those that match
    std::uint64_t times = 1;  // how many do, from there on
    double probability = 1;   // of each of these
    static constexpr std::uint64_t always = std::numeric_limits<std::uint64_t>::max();
};

class Faults {
public:
    void add(Matcher matcher, Fault fault) { rules_.push_back({std::move(matcher), std::move(fault)}); }
    void clear() { rules_.clear(); }
    void seed(std::uint64_t seed) { random_.seed(seed); }
    // The first rule that springs at this request; those after it do not see it.
    std::optional<Fault> next(std::string_view method, std::string_view path);
    [[nodiscard]] std::uint64_t sprung() const { return sprung_; }

private:
    struct Rule {
        Matcher matcher;
        Fault fault;
        std::uint64_t seen = 0;
    };
    std::vector<Rule> rules_;
    std::mt19937_64 random_{1};
    std::uint64_t sprung_ = 0;
};

bool matches(std::string_view pattern, std::string_view text);
// FaultKind::field, done to an answer.
void spoil(boost::json::value& answer, Fault const& fault);

}  // namespace groomer::fake_github
