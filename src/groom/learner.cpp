#include "groom/learner.hpp"

#include "base/digest.hpp"
#include "model/local/classifier.hpp"

#include <cmath>

namespace groomer::groom {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t most_examples = 20'000;
constexpr std::int64_t body_limit = 16'384;  // characters
constexpr auto least_interval = 10min;       // between trainings, while issues keep changing

// Status is derived, never learned.
bool is_learned(config::Family const& family) { return family.name != "status"; }

// The same labels under the same target are one task, whichever repositories use them.
std::string definition(config::Family const& family) {
    std::string key = family.name + "\n" + std::to_string(family.min_precision);
    for (auto const& value : family.values) key.append("\n").append(value.label);
    return key;
}

std::vector<std::string> labels_of(config::Family const& family) {
    std::vector<std::string> out;
    for (auto const& value : family.values) out.push_back(value.label);
    return out;
}

}  // namespace

Learner::Learner(store::Store& store, asio::thread_pool& cpu, Clock& clock, Log& log)
    : store_{store}, cpu_{cpu}, clock_{clock}, log_{log} {}

Learner::~Learner() = default;

Task<> Learner::refresh(std::vector<config::Repository> const& entries) {
    std::vector<std::string> names;
    std::map<std::string, config::Family> wanted;
    for (auto const& entry : entries) {
        names.push_back(entry.name);
        for (auto const& family : entry.policy.labels)
            if (is_learned(family)) wanted.try_emplace(definition(family), family);
    }
    auto const changes = co_await store::changes(store_, names);
    bool const stale = changes != trained_changes_ && (classifiers_.empty() || clock_.now() - trained_at_ >= least_interval);
    if (stale) classifiers_.clear();
    for (auto const& [key, family] : wanted)
        if (!classifiers_.contains(key)) co_await train(key, family);
    if (stale) {
        trained_changes_ = changes;
        trained_at_ = clock_.now();
    }
}

Task<> Learner::train(std::string key, config::Family family) {
    auto const start = clock_.now();
    auto rows = co_await store::labelled(store_, labels_of(family), most_examples, body_limit);
    auto const count = rows.size();
    auto work = [rows = std::move(rows), precision = family.min_precision]() mutable {
        std::vector<model::local::Example> examples;
        examples.reserve(rows.size());
        for (auto& row : rows) examples.push_back({{std::move(row.repo), std::move(row.title), std::move(row.body)}, std::move(row.label)});
        model::local::Options options;
        options.min_precision = precision;
        return std::make_shared<model::local::Classifier const>(model::local::Classifier::train(std::move(examples), options));
    };
    auto training = on_pool(cpu_, std::move(work));
    auto const classifier = co_await std::move(training);
    classifiers_[key] = classifier;
    std::chrono::duration<double> const took = clock_.now() - start;
    log_.info(classifier->usable() ? "the local model has learned" : "the local model has too few examples to decide",
              {{"component", "model"},
               {"family", family.name},
               {"examples", count},
               {"cut_off", classifier->cut_off()},
               {"duration_s", took.count()}});
}

Task<model::Decision> Learner::decide(tracker::Issue const& issue, config::Family const& family) {
    model::Decision decision{family.name, std::nullopt, 0, model::Source::local, "too few labelled issues to learn from"};
    auto const found = classifiers_.find(definition(family));
    if (found == classifiers_.end() || !found->second->usable()) co_return decision;
    auto work = [classifier = found->second, repo = issue.ref.repo, title = issue.title, body = issue.body.substr(0, body_limit)] {
        return classifier->predict({repo, title, body});
    };
    auto predicting = on_pool(cpu_, std::move(work));
    auto const prediction = co_await std::move(predicting);
    decision.confidence = prediction.confidence;
    decision.reason = prediction.reason;
    if (prediction.certain) decision.value = prediction.label;
    else
        decision.reason =
            "not certain enough of " + prediction.label + " (" + std::to_string(std::lround(prediction.confidence * 100)) + " %)";
    co_return decision;
}

std::string Learner::version(config::Family const& family) const {
    auto const found = classifiers_.find(definition(family));
    if (found == classifiers_.end()) return "none";
    auto const& classifier = *found->second;
    return std::to_string(classifier.examples()) + "/" + std::to_string(classifier.cut_off());
}

void Learner::forget() {
    classifiers_.clear();
    trained_changes_ = -1;
}

}  // namespace groomer::groom
