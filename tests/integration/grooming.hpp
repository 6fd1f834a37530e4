// A backlog in a file, groomed on a real PostgreSQL by one replica that is wired as the product wires it.
#pragma once

#include "app/run_to_end.hpp"
#include "app/service.hpp"
#include "support/test_database.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace groomer::test {

using namespace std::chrono_literals;
namespace json = boost::json;
using app::run_to_end;
using app::Service;

inline constexpr int learned = 40;  // labelled issues of each kind

inline std::string const clear_bug = "crash when saving file number 77";
inline std::string const bug_words[]{"crash", "segfault", "panic", "abort", "exception"};
inline std::string const wish_words[]{"support", "add", "allow", "please", "would"};

class Grooming : public testing::Test {
protected:
    void SetUp() override {
        GROOMER_NEEDS_DATABASE();
        database = std::make_unique<TestDatabase>();
        folder =
            std::filesystem::temp_directory_path() / ("groomer-groom-test-" + std::to_string(::getpid()) + "-" + std::to_string(++counter));
        std::filesystem::create_directories(folder);
        path = folder / "backlog.json";
        for (int i = 0; i < learned; ++i) {
            labelled("type/bug", bug_words[i % 5] + " when saving file number " + std::to_string(i));
            labelled("type/feature", wish_words[i % 5] + " exporting to format " + std::to_string(i));
        }
    }
    void TearDown() override {
        service.reset();
        std::filesystem::remove_all(folder);
    }

    std::int64_t issue(std::string const& title, std::string const& body, std::vector<std::string> labels = {},
                       std::string const& repo = "o/r") {
        json::array list;
        for (auto const& label : labels) list.push_back(json::object{{"name", label}});
        auto const number = static_cast<std::int64_t>(issues.size()) + 1;
        issues.push_back(json::object{{"number", number},
                                      {"title", title},
                                      {"body", body},
                                      {"state", "open"},
                                      {"labels", list},
                                      {"repository_url", "https://api.github.com/repos/" + repo},
                                      {"user", {{"login", "someone"}, {"type", "User"}}},
                                      {"created_at", "2024-01-01T00:00:00Z"},
                                      {"updated_at", "2024-01-01T00:00:00Z"}});
        return number;
    }
    void labelled(std::string const& label, std::string const& title) { issue(title, body_of(title), {label}); }
    static std::string body_of(std::string const& title) {
        return "It " + title + ".\n```\nsteps to reproduce\n```\n" + std::string(150, 'x');
    }
    json::object& at(std::int64_t number) { return issues[static_cast<std::size_t>(number) - 1].as_object(); }
    void write() { std::ofstream{path} << json::serialize(issues); }

    // repositories: beside that of the file; more: other sections.
    void start(std::string const& policy = "mode: apply", std::string const& more = "", std::string const& repositories = "") {
        service.reset();
        config::Source source;
        source.path = "test.yaml";
        source.text = "database: {url: \"" + database->url() +
                      "\"}\nrepositories:\n  - {name: local/backlog, tracker: file, path: " + path.string() + "}\n" + repositories +
                      "policy: {" + policy + "}\n" + more;
        source.environment = environment;
        loaded = config::load(source);
        context = std::make_unique<asio::io_context>(1);
        service = std::make_unique<Service>(loaded.config, std::map<std::string, std::string>{{"POD_NAME", "test"}}, log, *context,
                                            app::Outside{{}, model});
    }
    void sync() {
        auto const once = run_to_end(*context, service->sync_loop().once(0s));
        ASSERT_TRUE(once.tick);
    }
    groom::TickReport tick() {
        auto const once = run_to_end(*context, service->groom_loop().once(1s));
        EXPECT_TRUE(once.tick);
        return service->last_report();
    }
    // Ticks until nothing is due; returns how many issues were treated.
    std::size_t groom_all() {
        std::size_t count = 0;
        for (int i = 0; i < 50; ++i) {
            auto const report = tick();
            if (report.issues.empty()) return count;
            count += report.issues.size();
        }
        ADD_FAILURE() << "still something due after 50 ticks";
        return count;
    }
    std::vector<json::object> effects() {
        std::vector<json::object> out;
        std::ifstream in{path.string() + ".groomer.jsonl"};
        for (std::string line; std::getline(in, line);) out.push_back(json::parse(line).as_object());
        return out;
    }
    std::vector<std::string> labels_set_on(std::int64_t number) {
        std::vector<std::string> out;
        for (auto const& effect : effects())
            if (effect.at("issue").as_int64() == number)
                out.push_back((effect.at("op").as_string() == "label.add" ? "+" : "-") + std::string{effect.at("label").as_string()});
        std::sort(out.begin(), out.end());
        return out;
    }
    std::string value(std::string const& sql) {
        auto rows = database->query(sql);
        return rows.empty() ? "" : rows.front().text(0);
    }
    std::string outcome(std::int64_t number) { return value("SELECT outcome FROM groomer.issue WHERE number = " + std::to_string(number)); }

    // The value of a series, or nothing where it is not shown.
    std::string metric(std::string const& series) {
        std::istringstream shown{service->metrics().expose()};
        for (std::string line; std::getline(shown, line);)
            if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
        return "";
    }

    static inline int counter = 0;
    std::unique_ptr<TestDatabase> database;
    std::filesystem::path folder, path;
    json::array issues;
    std::ostringstream lines;
    Log log{lines, LogLevel::debug, Log::Format::json};
    config::Loaded loaded;
    std::map<std::string, std::string> environment;  // of the next start(), as is
    groom::Model model;
    std::unique_ptr<asio::io_context> context;
    std::unique_ptr<Service> service;
};

}  // namespace groomer::test
