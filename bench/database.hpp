// A database of a figure's own inside the private server, with groomer's schema; dropped at the end.
#pragma once

#include "pg/session.hpp"

#include <memory>
#include <string>

namespace groomer::bench {

class Database {
public:
    Database(std::string const& server_url, std::string const& name);
    ~Database();
    Database(Database const&) = delete;
    Database& operator=(Database const&) = delete;

    [[nodiscard]] std::string const& name() const { return name_; }
    [[nodiscard]] std::string const& url() const { return url_; }
    // As another role.
    [[nodiscard]] std::string url_of(std::string const& role) const;
    // On a connection of its own; any number of statements that return rows but once.
    pg::Rows query(std::string const& sql);
    std::string value(std::string const& sql) { return query(sql).at(0).text(0); }
    double number(std::string const& sql) { return query(sql).at(0).number(0); }

private:
    std::string server_url_, name_, url_;
    std::unique_ptr<pg::Session> session_;
};

}  // namespace groomer::bench
