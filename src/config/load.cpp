#include "config/load.hpp"

#include "base/error.hpp"
#include "config/checks.hpp"
#include "config/draft.hpp"
#include "config/repositories.hpp"

#include <algorithm>

#include <unistd.h>

namespace groomer::config {
namespace {

Config defaults() {
    Config config;
    for (Key const& key : keys())
        if (key.access.set != nullptr && !key.fallback.empty()) key.access.set(config, parse_value(key, key.fallback).value());
    config.policy.labels = default_families();
    return config;
}

// Null: nothing can be read further.
YamlPtr read_tree(std::string const& text, Problems& problems) {
    auto document = parse_yaml(text);
    for (YamlError const& error : document.errors) problems.add({Layer::file, error.mark, ""}, "", error.sentence);
    return document.root;
}

std::vector<std::string> warnings_of(Config const& config) {
    std::vector<std::string> warnings;
    if (config.repositories.empty()) warnings.emplace_back("no repository is configured: there is nothing to groom");
    auto const on_github = [](Repository const& repository) { return repository.tracker == "github"; };
    if (std::any_of(config.repositories.begin(), config.repositories.end(), on_github) && config.github.token.empty() && !config.github.app)
        warnings.emplace_back("github has neither token_file nor app: only public repositories can be read, 60 requests an hour");
    return warnings;
}

// Told where the key was set: in the entry itself, or in the part that it inherits.
void check_support(Repository const& repository, std::vector<Unsupported> const& unsupported, Draft const& draft, Draft const& top,
                   Problems& problems) {
    for (auto const& [path, used, instead, why] : unsupported) {
        if (!used(repository)) continue;
        bool const inherited = draft.find(path) == nullptr && top.find(path) != nullptr;
        problems.add(inherited ? top.place(path) : draft.place(path), (inherited ? "" : draft.scope) + path, why + ": " + instead);
    }
}

// Checks between keys wait until each key is right by itself: they would only echo the first error.
void check(Config& config, Draft const& top, FamilyPlaces const& places, std::vector<RepositoryEntry>& entries, Source const& source,
           Problems& problems) {
    if (!problems.empty()) return;
    check_installation(config, top, places, problems);
    auto const url = top.find("database.url_file") != nullptr ? "database.url_file" : "database.url";
    if (problems.empty() && source.connects != nullptr && !source.connects(config.database.url))
        problems.add(top.place(url), url, "is not a connection string that libpq can read");
    if (!problems.empty()) return;
    for (auto& [repository, draft, own_places] : entries) {
        check_model(repository.model, draft, problems);
        check_prices(repository.model, draft, top, problems);
        check_policy(repository.policy, draft, own_places, problems);
        check_support(repository, source.unsupported, draft, top, problems);
        config.repositories.push_back(std::move(repository));
    }
}

Config build(YamlNode const& root, Source const& source, Files& files, Problems& problems) {
    Draft top;
    top.sections.emplace("", root.mark);
    read_section(root, "", top, problems);
    read_environment(source.environment, top, problems);
    read_flags(source.flags, top, problems);

    Config config = defaults();
    FamilyPlaces places;
    apply(top, config, files, problems);
    settle_base_url(config.model);
    if (top.labels) read_families(*top.labels, "policy.labels", config.policy.labels, places, problems);
    std::vector<RepositoryEntry> entries;
    if (top.repositories) entries = read_repositories(*top.repositories, config, places, source.writes, files, problems);
    check(config, top, places, entries, source, problems);
    return config;
}

}  // namespace

Attempt try_load(Source const& source) {
    Attempt attempt;
    Files files;
    FileContent content{true, source.text.value_or(""), ""};
    if (!source.text && !source.path.empty()) content = files.read(source.path, "", most_config_bytes);
    if (!content.ok || content.text.size() > most_config_bytes) {
        attempt.errors = "the configuration file " + source.path + ' ' + (content.ok ? "is larger than 1024 KiB" : content.problem);
        attempt.files = files.seen();
        return attempt;
    }
    Problems problems{source.path, content.text};
    if (auto const root = read_tree(content.text, problems)) attempt.config = build(*root, source, files, problems);
    attempt.files = files.seen();
    if (problems.empty()) attempt.warnings = warnings_of(*attempt.config);
    else attempt.config.reset();
    attempt.errors = problems.render();
    return attempt;
}

Loaded load(Source const& source) {
    auto attempt = try_load(source);
    if (!attempt.config) throw Error{ErrorCode::config, attempt.errors};
    return {std::move(*attempt.config), std::move(attempt.warnings), std::move(attempt.files)};
}

std::map<std::string, std::string> process_environment() {
    std::map<std::string, std::string> all;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string const text{*entry};
        auto const equals = text.find('=');
        if (equals != std::string::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return all;
}

}  // namespace groomer::config
