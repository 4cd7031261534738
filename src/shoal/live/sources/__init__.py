"""Where rows come from by themselves: files that grow, databases, MQTT and Kafka."""
