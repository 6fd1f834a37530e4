// The labels that a repository has: GitHub makes one that it does not know where it is added to an issue, which nobody asked for.
#pragma once

#include "tracker/github/repository.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace groomer::tracker::github {

class LabelList {
public:
    explicit LabelList(Repository& repository) : repository_{repository} {}

    // As the repository spells it (GitHub does not tell upper from lower case); nothing if it has no such label. Throws what fail()
    // does.
    Task<std::optional<std::string>> spelled(std::string label);
    // For everybody to use, in a neutral colour. `already` where there is one by that name. Throws what fail() does.
    Task<WriteResult> create(std::string label, std::string description, WriteGuard guard);

private:
    Task<> fetch();

    Repository& repository_;
    std::unordered_map<std::string, std::string> names_;  // lower case → as it is spelled
    std::optional<BootTime::time_point> fetched_at_;
};

}  // namespace groomer::tracker::github
