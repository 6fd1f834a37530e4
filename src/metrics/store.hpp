// What stands behind Metrics: definitions, labels with bounded values, and the way into prometheus-cpp. Included by
// metrics/ alone.
#pragma once

#include "metrics/series.hpp"

#include <prometheus/collectable.h>
#include <prometheus/labels.h>
#include <prometheus/metric_family.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::metrics {

// A label and the values it may take: those given at first, then others as they come, up to the cap.
class Label {
public:
    Label(std::string name, std::vector<std::string> const& values, std::size_t cap);
    // A label of a fixed list.
    Label(std::string name, std::initializer_list<std::string> values) : Label{std::move(name), {values}, values.size()} {}

    [[nodiscard]] std::string const& name() const { return name_; }
    [[nodiscard]] std::vector<std::string> const& at_start() const { return at_start_; }
    [[nodiscard]] bool fixed() const { return at_start_.size() == cap_; }
    // The value itself, or "other".
    std::string admit(std::string_view value);

private:
    std::string const name_;
    std::size_t const cap_;
    std::vector<std::string> at_start_;
    std::mutex mutex_;  // protects known_
    std::set<std::string, std::less<>> known_;
};
using LabelPtr = std::shared_ptr<Label>;

struct Sample {
    std::vector<std::string> values;  // of the labels, in their order
    double number = 0;
};

struct Definition {
    std::string name = {};
    prometheus::MetricType type = {};
    std::vector<LabelPtr> labels = {};
    std::string help = {};
    std::vector<double> buckets = {};                   // of a histogram
    bool buckets_at_start = false;                      // see Metric::collect
    bool series_at_start = true;                        // false: not all label values go together, the owner makes the series
    std::function<std::vector<Sample>()> compute = {};  // set: the values are worked out at each scrape
};

class Metric {
public:
    explicit Metric(Definition definition);

    [[nodiscard]] Definition const& definition() const { return definition_; }
    // T: prometheus::Counter, Gauge or Histogram, as defined.
    template <class T>
    T& series(LabelValues values);
    [[nodiscard]] prometheus::MetricFamily collect() const;

private:
    prometheus::Labels admit(LabelValues values);
    void make_series_at_start(std::vector<std::string_view>& values);
    [[nodiscard]] prometheus::MetricFamily compute() const;

    Definition const definition_;
    std::unique_ptr<prometheus::Collectable> family_;  // none where computed
};

class Store {
public:
    Metric& add(Definition definition);
    [[nodiscard]] std::string expose() const;
    [[nodiscard]] std::string reference() const;

private:
    std::vector<std::unique_ptr<Metric>> metrics_;
};

}  // namespace groomer::metrics
