// What truly happened, by the fake's own account: one line of JSON for each change of state that took effect, whoever asked
// for it, and how often each route was asked. The judge of a run under faults reads this and nothing else.
#pragma once

#include "fake_github/time.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace groomer::fake_github {

// Who changes something, when, and by which request; the last three are empty where a test does it by hand.
struct By {
    std::string login;
    Time now;
    std::string method = {};
    std::string request_id = {};
    std::string term = {};  // X-Groomer-Term, as it was sent
    std::int64_t app = 0;   // the GitHub App that acts, if one does
};

// How something was, or is: whatever a JSON value can be made of.
struct Was {
    template <class T>
    Was(T&& from) : value(boost::json::value(std::forward<T>(from))) {}
    boost::json::value value;
};

class Effects {
public:
    // Lines are also appended to that file, each at once. Throws std::runtime_error where it cannot be written.
    void log_to(std::string const& path);

    struct Where {
        std::string repository;
        std::int64_t issue = 0;  // 0: the repository itself
    };
    // what: "label.add", "comment.edit", … `more` comes at the end of the line.
    void add(By const& by, Where const& where, std::string_view what, Was before, Was after, boost::json::object more = {});
    [[nodiscard]] std::vector<std::string> const& lines() const { return lines_; }
    [[nodiscard]] std::vector<boost::json::object> parsed() const;

    // "GET /repos/{owner}/{repo}/issues" → how often it was answered, and with what.
    void count(std::string const& route, int status);
    [[nodiscard]] std::uint64_t requests(std::string const& route) const;
    [[nodiscard]] std::uint64_t requests() const;  // of all routes
    [[nodiscard]] std::map<std::string, std::map<int, std::uint64_t>> const& routes() const { return routes_; }
    void reset_counts() { routes_.clear(); }

private:
    std::vector<std::string> lines_;
    std::map<std::string, std::map<int, std::uint64_t>> routes_;
    std::ofstream file_;
};

}  // namespace groomer::fake_github
