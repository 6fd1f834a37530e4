// What was judged of an issue: a decision a family, and whether somebody could act on it. Pure values; stored as JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::model {

enum class Source { model, local, rule };
std::string_view name(Source source);

struct Decision {
    std::string family;
    std::optional<std::string> value;  // one of the family's labels; none: abstained
    double confidence = 0;             // 0..1
    Source source = Source::rule;
    std::string reason;  // one short sentence
};

// How much a language model was shown.
struct ContextSize {
    std::size_t bytes = 0, tokens = 0;  // tokens: about
    bool cut = false;                   // the body or title was not whole
    friend bool operator==(ContextSize const&, ContextSize const&) = default;
};

struct Judgement {
    std::vector<Decision> decisions;
    std::vector<std::string> gaps;  // what the reporter must add

    // Of a language model, made harmless (defuse.hpp):
    std::string summary, rationale;
    std::optional<std::int64_t> duplicate_of;
    std::vector<std::int64_t> related;
    std::optional<std::string> comment, title, section;
    std::string by;        // provider and model; empty: none was asked
    std::string context;   // digest of what it was shown
    ContextSize size;      // of that
    std::string fallback;  // why it was not asked, or its answer was of no use

    [[nodiscard]] Decision const* find(std::string_view family) const;
};

std::string to_json(Judgement const& judgement);
// Nothing where the text is not a judgement.
std::optional<Judgement> parse_judgement(std::string_view json);

}  // namespace groomer::model
