#include "metrics/store.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace groomer::metrics {
namespace {

using prometheus::MetricType;

template <class T>
std::unique_ptr<prometheus::Collectable> make_family(Definition const& definition) {
    return std::make_unique<prometheus::Family<T>>(definition.name, definition.help, prometheus::Labels{});
}

std::unique_ptr<prometheus::Collectable> make_family(Definition const& definition) {
    if (definition.compute) return nullptr;
    if (definition.type == MetricType::Counter) return make_family<prometheus::Counter>(definition);
    if (definition.type == MetricType::Gauge) return make_family<prometheus::Gauge>(definition);
    return make_family<prometheus::Histogram>(definition);
}

std::string_view type_name(MetricType type) {
    return type == MetricType::Counter ? "counter" : type == MetricType::Gauge ? "gauge" : "histogram";
}

std::string label_cell(std::vector<LabelPtr> const& labels) {
    std::string cell;
    for (LabelPtr const& label : labels) {
        cell += cell.empty() ? "`" : ", `";
        cell += label->name() + '`';
        if (!label->fixed()) continue;
        cell += ':';
        for (std::string const& value : label->at_start()) cell += " `" + value + '`';
    }
    return cell.empty() ? "–" : cell;
}

}  // namespace

Label::Label(std::string name, std::vector<std::string> const& values, std::size_t cap) : name_{std::move(name)}, cap_{cap} {
    for (std::string const& value : values) {
        if (known_.size() < cap_ && known_.insert(value).second) at_start_.push_back(value);
    }
}

std::string Label::admit(std::string_view value) {
    std::lock_guard guard{mutex_};
    if (known_.contains(value)) return std::string{value};
    if (known_.size() >= cap_) return "other";
    return *known_.emplace(value).first;
}

Metric::Metric(Definition definition) : definition_{std::move(definition)}, family_{make_family(definition_)} {
    std::vector<std::string_view> values;
    if (family_ && definition_.series_at_start) make_series_at_start(values);
}

// Every combination of the labels' first values, each at 0.
void Metric::make_series_at_start(std::vector<std::string_view>& values) {
    if (values.size() < definition_.labels.size()) {
        for (std::string const& value : definition_.labels[values.size()]->at_start()) {
            values.push_back(value);
            make_series_at_start(values);
            values.pop_back();
        }
    } else if (definition_.type == MetricType::Counter) {
        series<prometheus::Counter>(values);
    } else if (definition_.type == MetricType::Gauge) {
        series<prometheus::Gauge>(values);
    } else {
        series<prometheus::Histogram>(values);
    }
}

prometheus::Labels Metric::admit(LabelValues values) {
    prometheus::Labels labels;
    for (std::size_t i = 0; i < values.size(); ++i) {
        labels.emplace(definition_.labels[i]->name(), definition_.labels[i]->admit(values[i]));
    }
    return labels;
}

template <class T>
T& Metric::series(LabelValues values) {
    auto& family = static_cast<prometheus::Family<T>&>(*family_);
    if constexpr (std::is_same_v<T, prometheus::Histogram>) return family.Add(admit(values), definition_.buckets);
    else return family.Add(admit(values));
}

prometheus::MetricFamily Metric::compute() const {
    prometheus::MetricFamily family{definition_.name, definition_.help, definition_.type, {}};
    for (Sample const& sample : definition_.compute()) {
        if (!std::isfinite(sample.number)) continue;
        prometheus::ClientMetric& series = family.metric.emplace_back();
        for (std::size_t i = 0; i < sample.values.size(); ++i) {
            series.label.push_back({definition_.labels[i]->name(), sample.values[i]});
        }
        series.counter.value = series.gauge.value = sample.number;
    }
    return family;
}

// A histogram shows its finite buckets from its first observation on: until then count, sum and +Inf, at 0, say all there
// is, and a standby, which observes next to nothing, stays cheap to store. The price is that the first observation alone
// cannot be placed by histogram_quantile(); where it may be the only one for days, buckets_at_start is set.
prometheus::MetricFamily Metric::collect() const {
    if (!family_) return compute();
    std::vector<prometheus::MetricFamily> families = family_->Collect();
    if (families.empty()) return {definition_.name, definition_.help, definition_.type, {}};
    if (definition_.type == MetricType::Histogram && !definition_.buckets_at_start) {
        for (prometheus::ClientMetric& series : families.front().metric) {
            if (series.histogram.sample_count == 0) series.histogram.bucket.clear();
        }
    }
    return std::move(families.front());
}

Metric& Store::add(Definition definition) {
    metrics_.push_back(std::make_unique<Metric>(std::move(definition)));
    return *metrics_.back();
}

std::string Store::expose() const {
    std::vector<prometheus::MetricFamily> families;
    for (auto const& metric : metrics_) {
        prometheus::MetricFamily family = metric->collect();
        auto by_labels = [](auto const& a, auto const& b) { return a.label < b.label; };
        std::sort(family.metric.begin(), family.metric.end(), by_labels);
        if (!family.metric.empty()) families.push_back(std::move(family));
    }
    return prometheus::TextSerializer{}.Serialize(families);
}

std::string Store::reference() const {
    std::string table = "| name | type | labels | meaning |\n|---|---|---|---|\n";
    for (auto const& metric : metrics_) {
        Definition const& row = metric->definition();
        table.append("| `").append(row.name).append("` | ").append(type_name(row.type)).append(" | ");
        table.append(label_cell(row.labels)).append(" | ").append(row.help).append(" |\n");
    }
    return table;
}

Counter Counter::of(Metric& metric, LabelValues values) { return Counter{metric.series<prometheus::Counter>(values)}; }
Gauge Gauge::of(Metric& metric, LabelValues values) { return Gauge{metric.series<prometheus::Gauge>(values)}; }
Histogram Histogram::of(Metric& metric, LabelValues values) { return Histogram{metric.series<prometheus::Histogram>(values)}; }

void Counter::increment(double by) const {
    if (std::isfinite(by)) series_->Increment(by);
}

void Gauge::set(double value) const {
    if (std::isfinite(value)) series_->Set(value);
}

void Histogram::observe(std::chrono::duration<double> value) const {
    if (std::isfinite(value.count())) series_->Observe(std::max(0.0, value.count()));
}

}  // namespace groomer::metrics
