// The contract with a model, as a table: answer_schema.cpp makes the schema of it, answer_parse.cpp reads by it. A row is all that a
// new property needs. Rows stand in the order in which models are to write: first what they found, then what they conclude.
#pragma once

#include "model/answer.hpp"

#include <array>
#include <span>
#include <string_view>
#include <variant>

namespace groomer::model {

// What stands in a property, where it goes, and its limits. `Record` is what the JSON object around it is read into.

// A text is cut to `longest` bytes; one that is no `paragraphs` comes on one line.
template <class Record>
struct Text {
    std::string Record::*to;
    std::size_t longest;
    bool paragraphs = false;
};

// Null, or a text; asked for by a switch.
template <class Record>
struct OptionalText {
    std::optional<std::string> Record::*to;
    std::size_t longest;
    bool paragraphs;
    bool Asked::*asked;
};

template <class Record>
struct Texts {
    std::vector<std::string> Record::*to;
    std::size_t most, longest;
};

// One of a fixed list.
template <class Record>
struct Choice {
    std::string Record::*to;
    std::span<std::string_view const> among;
};

template <class Record>
struct Verdict {
    Actionability Record::*to;
};

// From 0 to 1.
template <class Record>
struct Confidence {
    double Record::*to;
};

// One of the family's labels, or null.
template <class Record>
struct Label {
    std::optional<std::string> Record::*to;
};

// One of the issues that were offered, or null.
template <class Record>
struct Candidate {
    std::optional<std::int64_t> Record::*to;
};

template <class Record>
struct Candidates {
    std::vector<std::int64_t> Record::*to;
    std::size_t most;
};

// An object with a property for each family that was asked for.
template <class Record>
struct Families {
    std::vector<FamilyAnswer> Record::*to;
};

template <class Record>
struct Field;

// An object whose properties go into the same record.
template <class Record>
struct Group {
    std::span<Field<Record> const> fields;
};

template <class Record>
struct Field {
    using Kind = std::variant<Text<Record>, OptionalText<Record>, Texts<Record>, Choice<Record>, Verdict<Record>, Confidence<Record>,
                              Label<Record>, Candidate<Record>, Candidates<Record>, Families<Record>, Group<Record>>;
    std::string_view name;
    Kind kind;
    std::string_view description;
};

inline constexpr std::array<Actionability, 5> actionabilities{Actionability::ready, Actionability::needs_info, Actionability::blocked,
                                                              Actionability::backlog, Actionability::already_done};

inline constexpr std::array<std::string_view, 6> work_types{"bug", "feature", "question", "documentation", "maintenance", "other"};

inline constexpr std::array<Field<FamilyAnswer>, 3> decision_fields{{
    {"reason", Text<FamilyAnswer>{&FamilyAnswer::reason, 200}, "What in the issue decides it, in one sentence."},
    {"value", Label<FamilyAnswer>{&FamilyAnswer::value}, "The label, or null where the issue does not tell."},
    {"confidence", Confidence<FamilyAnswer>{&FamilyAnswer::confidence}, "How likely a maintainer would choose the same."},
}};

inline constexpr std::array<Field<Answer>, 3> verdict_fields{{
    {"work_type", Choice<Answer>{&Answer::work_type, work_types}, "What kind of work the issue asks for."},
    {"actionability", Verdict<Answer>{&Answer::actionability},
     "ready: somebody could begin now. needs_info: the reporter must add something, named in gaps. blocked: it waits for something "
     "else. backlog: understood, and not now. already_done: it was done, and the rationale says where."},
    {"confidence", Confidence<Answer>{&Answer::confidence}, "How likely a maintainer would say the same of actionability."},
}};

inline constexpr std::array<Field<Answer>, 10> answer_fields{{
    {"summary", Text<Answer>{&Answer::summary, 400}, "What the issue is about, in one or two plain sentences."},
    {"rationale", Text<Answer>{&Answer::rationale, 1000, true}, "The grounds for the verdict, in plain sentences."},
    {"gaps", Texts<Answer>{&Answer::gaps, 5, 200},
     "What the reporter must add before anybody can act, each in a few words. At least one where actionability is needs_info; empty "
     "where it is ready."},
    {"verdict", Group<Answer>{verdict_fields}, "Whether somebody could act on the issue."},
    {"decisions", Families<Answer>{&Answer::decisions}, "One label, or none, of each family."},
    {"duplicate_of", Candidate<Answer>{&Answer::duplicate_of}, "The candidate that asks for the very same thing, or null."},
    {"related", Candidates<Answer>{&Answer::related, 5}, "Candidates that help to understand this issue and are not duplicates of it."},
    {"comment", OptionalText<Answer>{&Answer::comment, 4000, true, &Asked::comment},
     "What to tell the reporter, in plain sentences without links or mentions; null where there is nothing to say."},
    {"title", OptionalText<Answer>{&Answer::title, 200, false, &Asked::title}, "A clearer title; null where the present one will do."},
    {"section", OptionalText<Answer>{&Answer::section, 4000, true, &Asked::section},
     "A restatement of the issue, to be put below its text; null where the text will do."},
}};

// Whether the property is there at all.
template <class Record>
bool is_asked(Field<Record> const& field, Asked const& asked) {
    auto const* text = std::get_if<OptionalText<Record>>(&field.kind);
    return !text || asked.*text->asked;
}

}  // namespace groomer::model
