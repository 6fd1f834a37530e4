// One repository's addresses, and what it is called now.
#pragma once

#include "tracker/github/api.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace groomer::tracker::github {

// Everything but letters, digits and "-._~" as %XX.
std::string percent_encoded(std::string_view text);

class Repository {
public:
    // name: "owner/name", as configured.
    Repository(std::shared_ptr<Api> api, std::string name);

    [[nodiscard]] Api& api() const { return *api_; }
    [[nodiscard]] std::string const& name() const { return name_; }
    // As configured, whatever it is called now: what a cursor is bound to.
    [[nodiscard]] std::string const& source() const { return source_; }
    [[nodiscard]] std::string url(std::string_view path) const { return base_ + std::string{path}; }
    [[nodiscard]] std::string issue_url(std::int64_t number, std::string_view path = {}) const;

    // Writes go one at a time.
    [[nodiscard]] Turns& writes() { return writes_; }

    // A list of issues was answered from here: where the repository was renamed, later requests go there directly.
    void moved_to(std::string_view answered);
    // They go to where it was configured again; false where they did already.
    bool forget_move();
    // Whether an issue that says to be of `repo` is of this repository, which may have been renamed.
    Task<bool> is_called(std::string repo);
    [[nodiscard]] bool is_configured_as(std::string_view repo) const;

private:
    std::shared_ptr<Api> const api_;
    std::string const name_;
    std::string const source_;
    std::string base_;
    Turns writes_{1};
    std::string full_name_;  // in lower case, as GitHub told last
    std::optional<BootTime::time_point> asked_at_;
};

}  // namespace groomer::tracker::github
