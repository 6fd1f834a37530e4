#include "groom/forecast.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace groomer::groom {
namespace {

std::string amount(Cost const& cost, bool priced) {
    std::array<char, 96> text{};
    if (priced) std::snprintf(text.data(), text.size(), "%lld tokens, $%.4g", static_cast<long long>(cost.spent.tokens), cost.spent.usd);
    else std::snprintf(text.data(), text.size(), "%lld tokens", static_cast<long long>(cost.spent.tokens));
    return text.data();
}

// "14 s", "25 min", "3.2 h": two digits are all that such a figure is good for.
std::string roughly(double seconds) {
    std::array<char, 32> text{};
    if (seconds < 120) std::snprintf(text.data(), text.size(), "%.2g s", seconds);
    else if (seconds < 7200) std::snprintf(text.data(), text.size(), "%.0f min", seconds / 60);
    else std::snprintf(text.data(), text.size(), "%.1f h", seconds / 3600);
    return text.data();
}

std::string issues(std::int64_t count) { return std::to_string(count) + (count == 1 ? " issue" : " issues"); }

double days(Cost const& rest, config::Budget const& budget) {
    double out = 0;
    if (budget.usd_per_day) out = std::max(out, rest.spent.usd / *budget.usd_per_day);
    if (budget.tokens_per_day) out = std::max(out, static_cast<double>(rest.spent.tokens) / static_cast<double>(*budget.tokens_per_day));
    return out;
}

}  // namespace

Forecast forecast(Cost const& batch, std::int64_t left, config::Model const& model, bool earlier) {
    Forecast out;
    if (batch.issues <= 0) return out;
    bool const priced = model.prices.has_value();
    auto const times = static_cast<double>(left) / static_cast<double>(batch.issues);
    out.rest = {left, {std::llround(static_cast<double>(batch.spent.tokens) * times), batch.spent.usd * times}, batch.seconds * times};
    out.days = days(out.rest, model.budget);
    auto const time = [&](double seconds) { return earlier ? std::string{} : " and " + roughly(seconds); };
    out.text = (earlier ? "Nothing was paid for now; judging the last " : "Judging ") + issues(batch.issues) + " took " +
               amount(batch, priced) + time(batch.seconds) + ".";
    if (left <= 0) return out;
    out.text += " The " + issues(left) + " that are left would take about " + amount(out.rest, priced) + time(out.rest.seconds);
    if (out.days > 1) {
        std::array<char, 64> text{};
        std::snprintf(text.data(), text.size(), ", over %.0f days by the budget", std::ceil(out.days));
        out.text += text.data();
    }
    out.text += ".";
    return out;
}

}  // namespace groomer::groom
