// An export in a folder of its own with everything that the file tracker keeps beside it: its harness for the
// conformance suite, and the ground of its own tests.
#pragma once

#include "conformance/tracker_suite.hpp"
#include "tracker/file/effects.hpp"
#include "tracker/file/file_tracker.hpp"

#include <boost/json.hpp>

#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::tracker::file::test {

class TempFolder {
public:
    TempFolder() {
        auto name = (std::filesystem::temp_directory_path() / "groomer-test-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error{"mkdtemp failed"};
        path_ = name;
    }
    TempFolder(TempFolder const&) = delete;
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string operator/(std::string_view name) const { return (path_ / name).string(); }
    [[nodiscard]] std::filesystem::path const& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline void write_file(std::string const& path, std::string_view content, std::ios::openmode mode = std::ios::trunc) {
    std::ofstream out{path, std::ios::binary | mode};
    out << content;
    if (!out.flush()) throw std::runtime_error{path + " cannot be written"};
}

inline std::string read_file(std::string const& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

using namespace groomer::tracker::test;

// The element as GitHub would write it.
inline std::string issue_json(std::string const& repo, SeedIssue const& seed) {
    boost::json::object issue;
    issue["id"] = 1000 + seed.number;
    issue["number"] = seed.number;
    issue["repository_url"] = "https://api.github.com/repos/" + repo;
    issue["title"] = seed.title;
    issue["body"] = seed.body;
    issue["state"] = seed.open ? "open" : "closed";
    issue["user"] = {{"login", "somebody"}, {"type", "User"}};
    boost::json::array labels;
    for (auto const& label : seed.labels) labels.push_back({{"id", 5}, {"name", label}, {"color", "ededed"}});
    issue["labels"] = labels;
    issue["created_at"] = "2024-02-29T08:15:00Z";
    issue["x_unknown"] = {{"kept", true}};
    return boost::json::serialize(issue);
}

inline std::string export_json(std::string const& repo, std::vector<SeedIssue> const& issues) {
    std::string out;
    for (auto const& issue : issues) out += (out.empty() ? "[" : ",") + issue_json(repo, issue);
    return out.empty() ? "[]" : out + "]";
}

class FileStore {
public:
    static std::string repo() { return "demo/backlog"; }

    explicit FileStore(std::vector<SeedIssue> const& issues) : FileStore{export_json(repo(), issues)} {}
    explicit FileStore(std::string const& content) { write_file(path, content); }
    FileStore(FileStore const&) = delete;
    ~FileStore() {
        if (pool_) pool_->join();
    }

    std::unique_ptr<Tracker> open(std::chrono::milliseconds lock_patience = std::chrono::seconds{20}) {
        if (!pool_) pool_ = std::make_unique<asio::thread_pool>(4);
        return make_file_tracker({repo(), path, *pool_, stats, lock_patience});
    }

    std::vector<LoggedEffect> effects() const {
        std::vector<LoggedEffect> out;
        std::istringstream log{read_file(log_path)};
        for (std::string line; std::getline(log, line);) {
            auto const effect = boost::json::parse(line).as_object();
            IssueRef const ref{effect.at("repo").as_string().c_str(), effect.at("issue").as_int64()};
            out.push_back({ref, effect.at("label").as_string().c_str(), effect.at("op") == "label.add"});
        }
        return out;
    }

    void another_holder_writes(LoggedEffect const& effect, std::int64_t term) const {
        auto const line = effect_line(effect.ref, {effect.label, effect.added}, term, "2024-01-01T00:00:00.000Z");
        write_file(log_path, line, std::ios::app);
    }

    TempFolder const folder;
    std::string const path = folder / "backlog.json";
    std::string const log_path = effects_path(path);
    std::string const copy_path = labelled_path(path);
    std::shared_ptr<Stats> const stats = std::make_shared<Stats>();

private:
    std::unique_ptr<asio::thread_pool> pool_;  // only with the first tracker: a test that forks must have no threads yet
};

inline IssueRef ref(std::int64_t number) { return {FileStore::repo(), number}; }

inline WriteOutcome add(Tracker& tracker, std::int64_t number, std::string label, std::int64_t term = 7) {
    return run_task(add_label(tracker, ref(number), std::move(label), guard_of(term))).outcome;
}

inline std::size_t files_in(TempFolder const& folder) {
    std::filesystem::directory_iterator const entries{folder.path()};
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// Runs `body` where no file may grow beyond `size`: writes are cut short there, as on a full disk.
template <class Body>
void with_file_size_limit(rlim_t size, Body body) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    auto const handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit const limit{size, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    body();
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
}

}  // namespace groomer::tracker::file::test
