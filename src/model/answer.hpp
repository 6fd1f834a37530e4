// What a language model may answer about an issue: the JSON schema that is sent with the question, and the parser that takes nothing
// else. One table (answer_fields.hpp) makes both. Pure; free text is not yet fit to be shown: see defuse.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace groomer::model {

// Part of what a stored answer is found by: to be raised whenever the same text would be read, or asked for, otherwise.
inline constexpr std::string_view answer_version = "answer-1";

enum class Actionability { ready, needs_info, blocked, backlog, already_done };
std::string_view name(Actionability actionability);

struct AskedFamily {
    std::string name;
    std::vector<std::pair<std::string, std::string>> values;  // label, meaning; only labels that the model may choose
};

struct Asked {
    std::vector<AskedFamily> families;
    std::vector<std::int64_t> candidates;                  // numbers of the issues offered as duplicates or related
    bool comment = false, title = false, section = false;  // whether such a text is asked for
};

struct FamilyAnswer {
    std::string family;
    std::optional<std::string> value;  // one of the family's labels; none: abstained
    double confidence = 0;             // 0..1
    std::string reason;
};

struct Answer {
    Actionability actionability = Actionability::backlog;
    double confidence = 0;                // 0..1
    std::string work_type;                // bug, feature, question, documentation, maintenance or other
    std::vector<FamilyAnswer> decisions;  // one for each family that was asked for, in that order
    std::string summary, rationale;
    std::vector<std::string> gaps;  // what the reporter must add
    std::optional<std::int64_t> duplicate_of;
    std::vector<std::int64_t> related;  // without duplicate_of
    std::optional<std::string> comment, title, section;
};

// As JSON: the subset of JSON Schema that strict structured outputs take, which is also fit for the input of a tool. Limits of length
// and number are told in descriptions only, since providers refuse them as keywords.
std::string answer_schema(Asked const& asked);

struct Fault {
    std::string where;   // JSON pointer; empty: the whole
    std::string what;    // one sentence, for the repair turn
    std::string reason;  // not_json, shape, label, candidate, contradiction or too_long
};

// Either an answer or at least one fault.
struct Parsed {
    std::optional<Answer> answer;
    std::vector<Fault> faults;  // the first ten
};

// How an answer contradicts itself; parse_answer yields none that does.
std::vector<Fault> contradictions(Answer const& answer);

inline constexpr std::size_t longest_answer = 256 * 1024;  // bytes

// The whole text must be one JSON object of the schema for `asked`. Texts and lists that are too long are cut, not refused.
Parsed parse_answer(std::string_view text, Asked const& asked);

// The first balanced {...} in a text with prose or fences around it, if it ends within longest_answer bytes. An object that never
// ends (an answer that was cut off) ends the search: its inside is not taken for the answer.
std::optional<std::string_view> first_json_object(std::string_view text);

}  // namespace groomer::model
