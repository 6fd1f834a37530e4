#include "config/fingerprint.hpp"

#include "base/digest.hpp"
#include "config/value.hpp"

#include <algorithm>

namespace groomer::config {
namespace {

// With its length in front no value can pass for the end of itself and the start of the next.
void add(std::string& out, std::string_view name, std::string_view value) {
    out += std::string{name} + '=' + std::to_string(value.size()) + ':' + std::string{value} + '\n';
}

void add_labels(std::string& out, std::string_view name, std::vector<std::string> labels) {
    std::sort(labels.begin(), labels.end());
    for (auto const& label : labels) add(out, name, label);
}

// By name: the order of families says nothing. The order of values does: it may rank them.
void add_families(std::string& out, std::vector<Family> families) {
    std::sort(families.begin(), families.end(), [](Family const& a, Family const& b) { return a.name < b.name; });
    for (Family const& family : families) {
        add(out, "family", family.name);
        add(out, "min_precision", to_text(Value{family.min_precision}));
        for (FamilyValue const& value : family.values) {
            add(out, "label", value.label);
            add(out, "role", value.role);
            add(out, "meaning", value.meaning);
        }
        add_labels(out, "never_set", family.never_set);
        if (!family.promoted) add(out, "promoted", "false");
    }
}

void add_keys(std::string& out, Config const& config, bool own_parts_only) {
    for (Key const& key : keys()) {
        if (key.access.get == nullptr || key.type == Type::secret_file || (own_parts_only && !per_repository(key))) continue;
        auto const value = to_text(key.access.get(config));
        add(out, key.path, key.form == &database_form ? redact_url(value) : value);
    }
    add_families(out, config.policy.labels);
}

std::string short_digest(std::string const& text) { return sha256_hex(text).substr(0, 16); }

}  // namespace

std::string config_hash(Config const& config) {
    std::string out;
    add_keys(out, config, false);
    for (Repository const& repository : config.repositories) {
        add(out, "repository", repository.name);
        add(out, "tracker", repository.tracker);
        add(out, "path", repository.path);
        Config own;
        own.policy = repository.policy;
        own.model = repository.model;
        add_keys(out, own, true);
    }
    return short_digest(out);
}

std::string policy_digest(Policy const& policy, Model const& model) {
    Config config;
    config.policy = policy;
    config.model = model;
    std::string out;
    for (auto path : {"policy.mode", "policy.abstain_label", "policy.comments.enabled", "policy.titles_and_bodies.enabled",
                      "policy.close.enabled", "model.provider", "model.name", "model.context_limit"})
        add(out, path, to_text(find_key(path)->access.get(config)));
    add_families(out, policy.labels);
    add_labels(out, "exempt", policy.exempt);
    add_labels(out, "in_flight", policy.in_flight);
    return short_digest(out);
}

std::string model_digest(Policy const& policy, Model const& model) {
    Config config;
    config.policy = policy;
    config.model = model;
    std::string out;
    for (auto path : {"policy.comments.enabled", "policy.titles_and_bodies.enabled", "model.provider", "model.name", "model.context_limit"})
        add(out, path, to_text(find_key(path)->access.get(config)));
    std::vector<Family> asked;
    for (Family family : policy.labels) {
        if (family.name == "status") continue;  // it is derived
        family.min_precision = 0;
        family.promoted = true;
        family.never_set.clear();
        asked.push_back(std::move(family));
    }
    add_families(out, std::move(asked));
    return short_digest(out);
}

}  // namespace groomer::config
