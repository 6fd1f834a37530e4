// Handles to series, free of prometheus headers. A handle is cheap to copy, valid as long as its Metrics, and callable
// from any thread. A value that is not finite is dropped: no metric is ever NaN.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace groomer::metrics {

class Metric;  // all series of one name (store.hpp)
using LabelValues = std::span<std::string_view const>;

class Counter {
public:
    static Counter of(Metric& metric, LabelValues values);
    void increment(double by = 1) const;

private:
    explicit Counter(prometheus::Counter& series) : series_{&series} {}
    prometheus::Counter* series_;
};

class Gauge {
public:
    static Gauge of(Metric& metric, LabelValues values);
    void set(double value) const;
    void set(std::chrono::duration<double> value) const { set(value.count()); }
    void set(std::chrono::system_clock::time_point value) const { set(value.time_since_epoch()); }

private:
    explicit Gauge(prometheus::Gauge& series) : series_{&series} {}
    prometheus::Gauge* series_;
};

class Histogram {
public:
    static Histogram of(Metric& metric, LabelValues values);
    // Less than nothing counts as nothing: two clocks may disagree by a little.
    void observe(std::chrono::duration<double> value) const;

private:
    explicit Histogram(prometheus::Histogram& series) : series_{&series} {}
    prometheus::Histogram* series_;
};

// The series of one metric: call it with the values of its labels, in their order. A value that a label's fixed list
// lacks, or that comes after its cap, is counted under `other`.
template <class Series, std::size_t labels>
class Family {
public:
    explicit Family(Metric& metric) : metric_{&metric} {}

    template <class... Values>
    requires(sizeof...(Values) == labels) Series operator()(Values const&... values) const {
        std::array<std::string_view, labels> all{std::string_view{values}...};
        return Series::of(*metric_, all);
    }

private:
    Metric* metric_;
};

}  // namespace groomer::metrics
