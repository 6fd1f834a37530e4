// The configuration as the product uses it: plain values, checked. Made by load.hpp from the table of keys (keys.hpp).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::config {

using Duration = std::chrono::milliseconds;

// A secret by value, read from its file or the environment. Never logged, printed or put into an error.
struct Secret {
    std::string value;
    [[nodiscard]] bool empty() const { return value.empty(); }
};

struct Database {
    std::string url = "";  // libpq URI; may come from url_file
    Secret password;
};

struct Lock {
    std::string id = "groomer";
    Duration ttl{5000};
    Duration renew_every{1500};
    Duration foreign_stale_after{std::chrono::minutes{30}};
};

struct Schedule {
    Duration groom_every{std::chrono::seconds{60}};
    Duration sync_every{std::chrono::minutes{5}};
    Duration max_tick{std::chrono::minutes{10}};
};

struct Pace {
    Duration between_writes{1000};
    std::int64_t comments_per_minute = 80;
    std::int64_t comments_per_hour = 500;
    double keep_for_people = 0.2;
};

struct GitHubApp {
    std::int64_t id = 0;
    std::int64_t installation_id = 0;
    Secret private_key;
};

struct GitHub {
    std::string api_url = "https://api.github.com";
    Secret token;
    std::optional<GitHubApp> app;
    Secret webhook_secret;
    Pace pace;
    Duration settle{11500};
};

struct Budget {
    std::optional<std::int64_t> tokens_per_day;
    std::optional<double> usd_per_day, usd_per_tick, usd_per_issue;
};

struct Prices {
    double input_usd_per_mtok = 0;
    double output_usd_per_mtok = 0;
};

struct Model {
    std::string provider = "local";  // local | openai | anthropic
    std::string base_url = "https://api.openai.com/v1";
    Secret api_key;
    std::string name;
    Duration timeout{std::chrono::seconds{60}};
    std::int64_t concurrency = 16;
    std::uint64_t context_limit = 24 * 1024;
    Budget budget;
    std::optional<Prices> prices;
};

// A label of a family. For the family `status`, role is ready | needs_info | backlog | blocked | already_done; elsewhere
// it is empty. meaning explains the label to a language model and may be empty.
struct FamilyValue {
    std::string label;
    std::string role;
    std::string meaning;
};

struct Family {
    std::string name;  // "type", "priority", "status", or a name of the user's own
    std::vector<FamilyValue> values;
    double min_precision = 0.9;
    std::vector<std::string> never_set;
    bool promoted = true;  // else its decisions are told, whatever the mode is, and never written
};

enum class Mode { dry_run, suggest, apply };
// As they are written: in the configuration, in runs, in the status.
inline constexpr std::array<std::string_view, 3> mode_names{"dry-run", "suggest", "apply"};
constexpr std::string_view name_of(Mode mode) { return mode_names.at(static_cast<std::size_t>(mode)); }

struct Policy {
    Mode mode = Mode::dry_run;
    std::int64_t batch = 50;
    Duration cooldown{std::chrono::hours{24}};
    std::vector<Family> labels;  // defaults: type, priority, status as in the reference
    std::string abstain_label = "needs-triage";
    std::vector<std::string> in_flight{"status/in-progress", "status/in-review"};
    std::vector<std::string> exempt;
    bool comments_enabled = false;
    Duration comments_cooldown{std::chrono::hours{24}};
    bool titles_and_bodies_enabled = false;
    bool close_enabled = false;
    Duration retention{std::chrono::hours{24 * 180}};
};

struct Repository {
    std::string name;
    std::string tracker;  // github | file
    std::string path;     // of the export, for file
    Policy policy;        // the installation's, with this entry's own parts in its place
    Model model;
};

struct Http {
    std::string listen = "0.0.0.0:8080";
    std::string metrics_listen = "0.0.0.0:9090";
    Secret admin_token;
    bool public_page = false;
};

struct LogSettings {
    std::string level = "info";   // debug | info | warning | error
    std::string format = "json";  // json | text
};

struct Config {
    Database database;
    Lock lock;
    Schedule schedule;
    std::vector<Repository> repositories;
    GitHub github;
    Model model;
    Policy policy;
    Http http;
    LogSettings log;
};

}  // namespace groomer::config
