// Issues by the thousand, and those of an export.
#pragma once

#include "fake_github/state.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace groomer::fake_github {

struct Fill {
    std::int64_t count = 1000;
    Seconds first = 1'600'000'000;  // when the first was created and updated
    Seconds step = 30;              // each later one so much later
    std::int64_t closed_each = 4;   // every fourth is closed, every tenth a pull request; 0: none
    std::int64_t pull_request_each = 10;
    std::size_t body_bytes = 120;
};
// Numbered on from the last one there.
void fill(State& state, Repository& repository, Fill const& how);

struct Imported {
    std::size_t issues = 0, skipped = 0;
    std::string skipped_example;
};
// The JSON list that the file tracker reads: GitHub's REST form. Elements without repository_url belong to `repository`; what
// is no issue is passed over. Throws std::runtime_error where the text is no list.
Imported import_issues(State& state, std::string_view text, std::string const& repository);

}  // namespace groomer::fake_github
