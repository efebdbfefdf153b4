#include "json_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

using ::testing::HasSubstr;

TEST(JsonMessageTest, GoesThereAndBack) {
  v1::Movie movie;
  ASSERT_TRUE(FromJson(R"({"mid":1,"movieName":"Metropolis"})", &movie).ok());
  std::string json;
  ASSERT_TRUE(ToJson(movie, &json).ok());
  EXPECT_EQ(json, R"({"mid":1,"movieName":"Metropolis"})");
}

TEST(JsonMessageTest, BadJsonNamesTypeAndField) {
  v1::Movie movie;
  const grpc::Status status = FromJson(R"({"mid":"one"})", &movie);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(),
              AllOf(HasSubstr("movies.v1.Movie"), HasSubstr("mid")));
}

TEST(JsonMessageTest, WhatIsNoObjectIsNoMessage) {
  v1::Movie movie;
  const grpc::Status status = FromJson("[1]", &movie);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "not a movies.v1.Movie: Root element must be a message.");
}

TEST(JsonMessageTest, SomeMistakesAreTakenWithoutAWord) {
  v1::Movie movie;
  EXPECT_TRUE(FromJson("{mid: 1}", &movie).ok());
  EXPECT_EQ(movie.mid(), 1);
  EXPECT_TRUE(FromJson(R"({"mid": 1, "mid": 2})", &movie).ok());
  EXPECT_EQ(movie.mid(), 2);
}

TEST(JsonMessageTest, AMessageThatLacksARequiredFieldIsAnError) {
  google::protobuf::FileDescriptorProto file;
  file.set_name("old.proto");
  file.set_syntax("proto2");
  auto* type = file.add_message_type();
  type->set_name("Old");
  auto* field = type->add_field();
  field->set_name("id");
  field->set_number(1);
  field->set_type(google::protobuf::FieldDescriptorProto::TYPE_INT32);
  field->set_label(google::protobuf::FieldDescriptorProto::LABEL_REQUIRED);
  google::protobuf::DescriptorPool pool;
  ASSERT_NE(pool.BuildFile(file), nullptr);
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> message(
      factory.GetPrototype(pool.FindMessageTypeByName("Old"))->New());

  std::string json;
  const grpc::Status status = ToJson(*message, &json);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(status.error_message(), HasSubstr("lacks id"));
}

}  // namespace
}  // namespace movies
