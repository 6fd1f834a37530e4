#include "store/store.hpp"

namespace groomer::store {
namespace {

constexpr pg::Statement prove_statement{"prove", GROOMER_FENCED "SELECT (SELECT count(*) FROM fence)", std::chrono::milliseconds{1000}};

}  // namespace

Task<pg::Rows> Store::write(lock::Hold& hold, pg::Statement statement, pg::Values parameters) {
    pg::Values all{hold.terms().lock, hold.terms().token};
    all.insert(all.end(), std::make_move_iterator(parameters.begin()), std::make_move_iterator(parameters.end()));
    auto const sent = clock_.now();
    auto rows = co_await pool_.run(statement, std::move(all));
    if (rows.empty() || rows.front().integer(0) == 0) {
        hold.lose(lock::Loss::fenced);
        on_fenced_();
        throw HoldLost{};
    }
    hold.proved(sent);
    co_return rows;
}

Task<> prove(Store& store, lock::Hold& hold) {
    pg::Values none;
    co_await store.write(hold, prove_statement, none);
}

}  // namespace groomer::store
