// What a language model is shown of an issue: the fixed instructions first, then as much of the issue, its comments, likely duplicates
// and similar issues as there is room for. Pure. Whatever comes from the tracker stands between two lines with a word that nobody
// who wrote it could know, and is cut at character boundaries.
#pragma once

#include "model/answer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace groomer::model {

struct ShownComment {
    std::string author;
    bool by_bot = false;  // shown as having no authority
    bool by_reporter = false;
    std::string text;
};

struct ShownIssue {
    std::int64_t number = 0;
    bool open = true;
    std::string title, body;
    std::vector<std::string> labels;
};

struct ShownPull {
    std::int64_t number = 0;
    std::string title;
};

struct ContextInput {
    std::string repo;
    ShownIssue issue;
    std::string reporter;
    std::vector<ShownComment> comments;  // oldest first
    std::vector<ShownPull> merged;       // pull requests that say they close it, and are merged
    std::vector<ShownIssue> candidates;  // likely duplicates, the likeliest first
    std::vector<ShownIssue> examples;    // similar ones that people labelled, the most similar first
};

struct Context {
    std::string system, user;
    std::size_t bytes = 0;                   // of both, and of the schema
    std::size_t tokens = 0;                  // about: a token is three bytes and more
    bool cut = false;                        // the body or the title is not whole
    std::size_t comments = 0, examples = 0;  // shown
    std::vector<std::int64_t> candidates;    // shown
    std::string digest;                      // SHA-256 of all that is shown, the word apart
};

// Bump it when the instructions change: stored decisions are made anew then.
inline constexpr std::string_view prompt_version = "prompt-2";

// limit: bytes in all. word: random. Candidates that are not in `asked` are not shown.
Context make_context(ContextInput const& input, Asked const& asked, std::size_t limit, std::string const& word);

// The least limit that leaves room for an issue of a common size.
std::size_t least_limit(Asked const& asked);

std::size_t count_tokens(std::size_t bytes);

// What a reply was found to be wrong in, told to the model once.
std::string repair_request(std::vector<Fault> const& faults);

}  // namespace groomer::model
