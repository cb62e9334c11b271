"""The pipeline that Bookline replaces: Kafka to PostgreSQL with PySpark Structured Streaming.

Each micro-batch is parsed with from_json, cast and appended by JDBC: prices become floats, the table has no key, and so a
batch that is repeated after a crash is stored twice. It drains the topic and ends. On standard output it tells, as JSON
lines, when the query started and when each batch was committed, in ms since the epoch.

Usage: spark_job.py BOOTSTRAP_SERVER TOPIC JDBC_URL TABLE JARS, with DB_USER and DB_PASSWORD in the environment
"""

import json
import os
import sys
import tempfile
import time

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, from_json, timestamp_millis
from pyspark.sql.types import LongType, StringType, StructField, StructType

bootstrap, topic, url, table, jars = sys.argv[1:]

PRICES = {"bidPrice": "bid_price", "bidQty": "bid_qty", "askPrice": "ask_price", "askQty": "ask_qty"}
TIMES = {"transactionTime": "transaction_time", "eventTime": "event_time", "receivedAt": "received_at"}

# A batch of this size takes a second or two: larger ones are no faster.
MESSAGES_A_BATCH = 100_000
# Rows of one JDBC batch; its default of 1,000 is slower.
ROWS_A_STATEMENT = 10_000


def tell(event, **fields):
    print(json.dumps({"event": event, "at": time.time() * 1000, **fields}), flush=True)


def main():
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", jars)
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    schema = StructType(
        [StructField("symbol", StringType()), StructField("updateId", LongType())]
        + [StructField(name, LongType()) for name in TIMES]
        + [StructField(name, StringType()) for name in PRICES]
    )
    messages = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", MESSAGES_A_BATCH)
        .load()
    )
    rows = messages.select(from_json(col("value").cast("string"), schema).alias("m")).select(
        col("m.symbol").alias("symbol"),
        col("m.updateId").alias("update_id"),
        *[timestamp_millis(col(f"m.{name}")).alias(column) for name, column in TIMES.items()],
        *[col(f"m.{name}").cast("double").alias(column) for name, column in PRICES.items()],
    )

    def append(batch, _number):
        (
            batch.write.format("jdbc")
            .option("url", url)
            .option("dbtable", table)
            .option("user", os.environ["DB_USER"])
            .option("password", os.environ["DB_PASSWORD"])
            .option("driver", "org.postgresql.Driver")
            .option("reWriteBatchedInserts", "true")
            .option("batchsize", ROWS_A_STATEMENT)
            .mode("append")
            .save()
        )
        tell("committed")

    with tempfile.TemporaryDirectory() as checkpoint:
        tell("started")
        (
            rows.writeStream.foreachBatch(append)
            .option("checkpointLocation", checkpoint)
            .trigger(availableNow=True)
            .start()
            .awaitTermination()
        )
    spark.stop()


main()
