#include "config/keys.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>

namespace groomer::config {
namespace {

template <class T>
struct OptionalOf : std::false_type {};
template <class T>
struct OptionalOf<std::optional<T>> : std::true_type {};

// Follows pointers to members; an optional structure on the way comes into being when something in it is set.
template <auto Member, auto... Rest, class Object>
void assign(Object& object, Value const& value) {
    auto& member = object.*Member;
    using T = std::remove_reference_t<decltype(member)>;
    if constexpr (sizeof...(Rest) == 0) {
        if constexpr (OptionalOf<T>::value) member = std::get<typename T::value_type>(value);
        else if constexpr (std::is_same_v<T, Secret>) member.value = std::get<std::string>(value);
        else member = std::get<T>(value);
    } else if constexpr (OptionalOf<T>::value) {
        if (!member) member.emplace();
        assign<Rest...>(*member, value);
    } else {
        assign<Rest...>(member, value);
    }
}

template <auto Member, auto... Rest, class Object>
Value fetch(Object const& object) {
    auto const& member = object.*Member;
    using T = std::remove_cvref_t<decltype(member)>;
    if constexpr (sizeof...(Rest) == 0) {
        if constexpr (OptionalOf<T>::value) return member ? Value{*member} : Value{};
        else if constexpr (std::is_same_v<T, Secret>) return Value{member.value};
        else return Value{member};
    } else if constexpr (OptionalOf<T>::value) {
        return member ? fetch<Rest...>(*member) : Value{};
    } else {
        return fetch<Rest...>(member);
    }
}

template <auto... Members>
constexpr Access field{[](Config& config, Value const& value) { assign<Members...>(config, value); },
                       [](Config const& config) { return fetch<Members...>(config); }};

void set_mode(Config& config, Value const& value) {
    auto const at = std::find(mode_names.begin(), mode_names.end(), std::get<std::string>(value)) - mode_names.begin();
    config.policy.mode = static_cast<Mode>(at);
}
Value get_mode(Config const& config) { return std::string{name_of(config.policy.mode)}; }

void set_page(Config& config, Value const& value) { config.http.public_page = std::get<std::string>(value) == "public"; }
Value get_page(Config const& config) { return std::string{config.http.public_page ? "public" : "token"}; }

constexpr Type text = Type::text, integer = Type::integer, number = Type::number, boolean = Type::boolean, duration = Type::duration,
               choice = Type::choice, secret = Type::secret_file;

// clang-format off
constexpr Key table[] = {
    {.path = "database.url", .type = text,
     .help = "Where PostgreSQL is: a libpq URI (several hosts allowed) or key=value pairs. Required, unless "
             "url_file has it. A password in it is never shown.",
     .access = field<&Config::database, &Database::url>, .form = &database_form, .example = "postgresql://groomer@db.example/groomer", .restart = true},
    {.path = "database.url_file", .type = secret,
     .help = "A file with the connection string, instead of url. A new password in it is taken over without a "
             "restart.",
     .access = field<&Config::database, &Database::url>, .form = &database_form, .example = "/run/secrets/groomer/db-url", .restart = true},
    {.path = "database.password_file", .type = secret,
     .help = "A file with the password of the database user.",
     .access = field<&Config::database, &Database::password>, .form = &one_line_secret_form, .example = "/run/secrets/groomer/db-password"},

    {.path = "lock.id", .type = text, .fallback = "groomer",
     .help = "The row of sync_lock that serialises grooming. All replicas of one installation share it.",
     .access = field<&Config::lock, &Lock::id>, .form = &lock_id_form, .restart = true},
    {.path = "lock.ttl", .type = duration, .fallback = "5s",
     .help = "How long a hold lasts after its last confirmed renewal: what a dead holder costs. Of it, 0.5 s and 1 "
             "% are kept as margin; what renew_every then leaves, at least 500ms, is the time a write to the "
             "tracker may take; GitHub wants some 2 s.",
     .access = field<&Config::lock, &Lock::ttl>, .min = "1s", .max = "10m", .restart = true},
    {.path = "lock.renew_every", .type = duration, .fallback = "1500ms",
     .help = "How often the holder renews.",
     .access = field<&Config::lock, &Lock::renew_every>, .min = "100ms", .max = "5m", .restart = true},
    {.path = "lock.foreign_stale_after", .type = duration, .fallback = "30m",
     .help = "When a row taken by another program, which renews nothing, counts as left behind.",
     .access = field<&Config::lock, &Lock::foreign_stale_after>, .min = "1s", .max = "7d"},

    {.path = "schedule.groom_every", .type = duration, .fallback = "60s",
     .help = "From the end of one grooming tick to the start of the next, over all replicas.",
     .access = field<&Config::schedule, &Schedule::groom_every>, .min = "100ms", .max = "7d"},
    {.path = "schedule.sync_every", .type = duration, .fallback = "5m",
     .help = "From the end of one sync of the issues to the start of the next, over all replicas.",
     .access = field<&Config::schedule, &Schedule::sync_every>, .min = "100ms", .max = "7d"},
    {.path = "schedule.max_tick", .type = duration, .fallback = "10m",
     .help = "When a tick that still runs is cancelled and the lock given back.",
     .access = field<&Config::schedule, &Schedule::max_tick>, .min = "1s", .max = "1d"},

    {.path = "repositories[].name", .type = text,
     .help = "Owner and name; upper and lower case are the same. Required. The name of a file entry is free: its "
             "issues belong to the repositories that the export names.",
     .form = &repository_form, .example = "octocat/hello-world"},
    {.path = "repositories[].tracker", .type = choice,
     .help = "Where its issues are. Required.",
     .choices = "github|file", .example = "github"},
    {.path = "repositories[].path", .type = text,
     .help = "The export to groom: required for file, not allowed for github. A relative path starts at the "
             "working directory.",
     .form = &path_form, .example = "backlog.json"},
    {.path = "repositories[].policy", .type = Type::part,
     .help = "Any part of policy, for this repository alone. It goes before the installation's, wherever that was "
             "set."},
    {.path = "repositories[].model", .type = Type::part,
     .help = "Any part of model, for this repository alone. Where that changes base_url, directly or with the provider, "
             "the installation's key is not used."},

    {.path = "github.api_url", .type = text, .fallback = "https://api.github.com",
     .help = "The API of GitHub, or of a GitHub Enterprise Server.",
     .access = field<&Config::github, &GitHub::api_url>, .form = &http_url_form},
    {.path = "github.token_file", .type = secret,
     .help = "A file with a token. Either this or app.",
     .access = field<&Config::github, &GitHub::token>, .form = &one_line_secret_form, .example = "/run/secrets/groomer/github-token"},
    {.path = "github.app.id", .type = integer,
     .help = "The App's id. An app needs all three of its keys.",
     .access = field<&Config::github, &GitHub::app, &GitHubApp::id>, .min = "1", .max = "9007199254740991", .example = "12345"},
    {.path = "github.app.installation_id", .type = integer,
     .help = "The id of the App's installation.",
     .access = field<&Config::github, &GitHub::app, &GitHubApp::installation_id>, .min = "1", .max = "9007199254740991", .example = "67890"},
    {.path = "github.app.private_key_file", .type = secret,
     .help = "A file with the App's private key (PEM).",
     .access = field<&Config::github, &GitHub::app, &GitHubApp::private_key>, .form = &private_key_form, .example = "/run/secrets/groomer/github-app.pem"},
    {.path = "github.webhook_secret_file", .type = secret,
     .help = "A file with the secret that signs webhooks. While it is replaced it may have two lines, the old and the new one: both "
             "are good. Without it webhooks are refused.",
     .access = field<&Config::github, &GitHub::webhook_secret>, .form = &rotating_secret_form, .example = "/run/secrets/groomer/webhook"},
    {.path = "github.pace.between_writes", .type = duration, .fallback = "1s",
     .help = "The least time between two writes to one repository.",
     .access = field<&Config::github, &GitHub::pace, &Pace::between_writes>, .min = "0s", .max = "1h"},
    {.path = "github.pace.comments_per_minute", .type = integer, .fallback = "80",
     .help = "The most comments a minute. GitHub's own limit is 80.",
     .access = field<&Config::github, &GitHub::pace, &Pace::comments_per_minute>, .min = "1", .max = "10000"},
    {.path = "github.pace.comments_per_hour", .type = integer, .fallback = "500",
     .help = "The most comments an hour. GitHub's own limit is 500.",
     .access = field<&Config::github, &GitHub::pace, &Pace::comments_per_hour>, .min = "1", .max = "100000"},
    {.path = "github.pace.keep_for_people", .type = number, .fallback = "0.2",
     .help = "The share of the request quota that is left to others who use the same credentials.",
     .access = field<&Config::github, &GitHub::pace, &Pace::keep_for_people>, .min = "0", .max = "0.9"},
    {.path = "github.settle", .type = duration, .fallback = "11500ms",
     .help = "How long a request that was cut may still take effect there. Longer where a proxy is in between that may keep it.",
     .access = field<&Config::github, &GitHub::settle>, .min = "0s", .max = "10m"},

    {.path = "model.provider", .type = choice, .fallback = "local",
     .help = "Who decides: the built-in local model (no key, no network), or a language model.",
     .access = field<&Config::model, &Model::provider>, .choices = "local|openai|anthropic"},
    {.path = "model.base_url", .type = text, .fallback = "https://api.openai.com/v1",
     .help = "The provider's address; for anthropic the default is https://api.anthropic.com/v1. llama.cpp, vLLM "
             "and Ollama are reached through openai.",
     .access = field<&Config::model, &Model::base_url>, .form = &http_url_form},
    {.path = "model.api_key_file", .type = secret,
     .help = "A file with the provider's key. Required for openai and anthropic at their own addresses.",
     .access = field<&Config::model, &Model::api_key>, .form = &one_line_secret_form, .example = "/run/secrets/groomer/model-key"},
    {.path = "model.name", .type = text,
     .help = "The model. Required for openai and anthropic.",
     .access = field<&Config::model, &Model::name>, .form = &line_form, .example = "gpt-4o-mini"},
    {.path = "model.timeout", .type = duration, .fallback = "60s",
     .help = "For one call, repetitions included.",
     .access = field<&Config::model, &Model::timeout>, .min = "100ms", .max = "10m"},
    {.path = "model.concurrency", .type = integer, .fallback = "16",
     .help = "Calls at a time.",
     .access = field<&Config::model, &Model::concurrency>, .min = "1", .max = "256"},
    {.path = "model.context_limit", .type = Type::size, .fallback = "24KiB",
     .help = "The most text of one issue, its comments and its candidates that the model is shown.",
     .access = field<&Config::model, &Model::context_limit>, .min = "1KiB", .max = "10MiB"},
    {.path = "model.budget.tokens_per_day", .type = integer,
     .help = "When the day's tokens are spent, the local model goes on alone. Default: no limit.",
     .access = field<&Config::model, &Model::budget, &Budget::tokens_per_day>, .min = "1", .max = "1000000000000", .example = "2000000"},
    {.path = "model.budget.usd_per_day", .type = number,
     .help = "The most a day may cost. Needs prices, like the next two. Default: no limit.",
     .access = field<&Config::model, &Model::budget, &Budget::usd_per_day>, .min = "0", .max = "1000000", .above_min = true, .example = "5"},
    {.path = "model.budget.usd_per_tick", .type = number,
     .help = "The most a tick may cost. Default: no limit.",
     .access = field<&Config::model, &Model::budget, &Budget::usd_per_tick>, .min = "0", .max = "1000000", .above_min = true, .example = "1"},
    {.path = "model.budget.usd_per_issue", .type = number,
     .help = "The most an issue may cost in its lifetime. Default: no limit.",
     .access = field<&Config::model, &Model::budget, &Budget::usd_per_issue>, .min = "0", .max = "1000000", .above_min = true, .example = "0.1"},
    {.path = "model.prices.input_usd_per_mtok", .type = number,
     .help = "The price of a million tokens of input.",
     .access = field<&Config::model, &Model::prices, &Prices::input_usd_per_mtok>, .min = "0", .max = "1000000", .example = "0.15"},
    {.path = "model.prices.output_usd_per_mtok", .type = number,
     .help = "The price of a million tokens of output.",
     .access = field<&Config::model, &Model::prices, &Prices::output_usd_per_mtok>, .min = "0", .max = "1000000", .example = "0.6"},

    {.path = "policy.mode", .type = choice, .fallback = "dry-run",
     .help = "dry-run decides and remembers, and writes nothing to the tracker; suggest says in one comment an "
             "issue which labels it would set, and sets none (not for the tracker file); apply sets labels.",
     .access = {set_mode, get_mode}, .choices = "dry-run|suggest|apply"},
    {.path = "policy.batch", .type = integer, .fallback = "50",
     .help = "Issues that a tick takes at most; a full batch makes the next tick due in 250 ms.",
     .access = field<&Config::policy, &Policy::batch>, .min = "1", .max = "1000"},
    {.path = "policy.cooldown", .type = duration, .fallback = "24h",
     .help = "How long an unchanged issue is left alone after it was groomed.",
     .access = field<&Config::policy, &Policy::cooldown>, .min = "0s", .max = "3650d"},
    {.path = "policy.labels.*.values", .type = Type::part,
     .help = "The labels of a family, of which an issue carries one: a list, or a map from label to meaning (the "
             "meaning is told to a language model). For status a map from role to label, with all of ready, "
             "needs_info, backlog, blocked and already_done. Writing values replaces the family whole; without "
             "them the other keys change the inherited family."},
    {.path = "policy.labels.*.min_precision", .type = number, .fallback = "0.9",
     .help = "How often a label that is set must be right, measured on the repository's own history; below it the "
             "family is left alone.",
     .min = "0.5", .max = "1", .above_min = true},
    {.path = "policy.labels.*.never_set", .type = Type::labels,
     .help = "Labels of the family that are respected, but never set: where one would be right, that is told, and left to people. "
             "By default the first label of priority, and in any family each label with \"security\" in it; [] switches that off.",
     .form = &label_form},
    {.path = "policy.labels.*.promoted", .type = boolean, .fallback = "true",
     .help = "false: what is decided for the family is told, as in a dry run, and never written, whatever policy.mode is. So families "
             "are promoted one by one."},
    {.path = "policy.abstain_label", .type = text, .fallback = "needs-triage",
     .help = "Carried while no status can be decided; \"\" for none.",
     .access = field<&Config::policy, &Policy::abstain_label>, .form = &optional_label_form},
    {.path = "policy.in_flight", .type = Type::labels, .fallback = "status/in-progress,status/in-review",
     .help = "Issues with one of these labels are being worked on and never touched.",
     .access = field<&Config::policy, &Policy::in_flight>, .form = &label_form},
    {.path = "policy.exempt", .type = Type::labels,
     .help = "Labels that keep groomer away.",
     .access = field<&Config::policy, &Policy::exempt>, .form = &label_form},
    {.path = "policy.comments.enabled", .type = boolean, .fallback = "false",
     .help = "In mode apply: asks the reporter of an issue for what a language model finds missing, in one comment, "
             "edited rather than repeated. Not for the tracker file.",
     .access = field<&Config::policy, &Policy::comments_enabled>},
    {.path = "policy.comments.cooldown", .type = duration, .fallback = "24h",
     .help = "The least time between two edits of a comment, also of a suggestion.",
     .access = field<&Config::policy, &Policy::comments_cooldown>, .min = "0s", .max = "3650d"},
    {.path = "policy.titles_and_bodies.enabled", .type = boolean, .fallback = "false",
     .help = "In mode apply: lets a language model give an issue a clearer title, once, if nobody has ever renamed it, and add a "
             "summary of a long discussion to its body, between marks of its own. Not for the tracker file.",
     .access = field<&Config::policy, &Policy::titles_and_bodies_enabled>},
    {.path = "policy.close.enabled", .type = boolean, .fallback = "false",
     .help = "In mode apply: closes an issue 14 days after the comment that announces it, if nobody has moved it since: one whose "
             "reporter was asked for something (policy.comments), and one that a merged pull request of the repository says it "
             "closes. Never one that was reopened.",
     .access = field<&Config::policy, &Policy::close_enabled>},
    {.path = "policy.retention", .type = duration, .fallback = "180d",
     .help = "How long runs and holds are kept.",
     .access = field<&Config::policy, &Policy::retention>, .min = "1h", .max = "3650d"},

    {.path = "http.listen", .type = text, .fallback = "0.0.0.0:8080",
     .help = "Probes, API and status page. Port 0 takes a free one.",
     .access = field<&Config::http, &Http::listen>, .form = &listen_form, .restart = true},
    {.path = "http.metrics_listen", .type = text, .fallback = "0.0.0.0:9090",
     .help = "/metrics alone.",
     .access = field<&Config::http, &Http::metrics_listen>, .form = &listen_form, .restart = true},
    {.path = "http.admin_token_file", .type = secret,
     .help = "A file with the token of the API. While it is replaced it may have two lines, the old and the new one: both are "
             "good. Without it everything that needs the token is refused.",
     .access = field<&Config::http, &Http::admin_token>, .form = &rotating_secret_form, .example = "/run/secrets/groomer/admin-token"},
    {.path = "http.page", .type = choice, .fallback = "token",
     .help = "Who may see the status page: titles of private issues are shown on it.",
     .access = {set_page, get_page}, .choices = "token|public"},

    {.path = "log.level", .type = choice, .fallback = "info",
     .help = "The least level that is written. The audit of the API is written at each.",
     .access = field<&Config::log, &LogSettings::level>, .choices = "debug|info|warning|error"},
    {.path = "log.format", .type = choice, .fallback = "json",
     .help = "One JSON object a line, or text for a terminal.",
     .access = field<&Config::log, &LogSettings::format>, .choices = "json|text"},
};
// clang-format on

constexpr Section section_table[] = {
    {"database", "PostgreSQL holds the lock, the schedule and everything that was decided."},
    {"lock", "The lock that lets one replica groom at a time."},
    {"schedule", "How often things happen, counted over all replicas."},
    {"repositories", "What is groomed: a list. Only the file can hold it."},
    {"github", "How GitHub is reached, and how gently."},
    {"model", "Who decides. A repository may override any part under its own entry."},
    {"policy", "What is decided and written. A repository may override any part under its own entry."},
    {"http", "The two listeners."},
    {"log", "Logs go to standard error."},
};

}  // namespace

std::span<Key const> keys() { return table; }
std::span<Section const> sections() { return section_table; }

}  // namespace groomer::config
