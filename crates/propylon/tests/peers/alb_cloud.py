"""Makes a network in the cloud of the test, or prints what a load balancer there was told."""

import json
import sys

import boto3


def network():
    ec2 = boto3.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    asked = boto3.client("acm").request_certificate(DomainName="mcp.example.com")
    return {
        "vpc": vpc,
        "subnets": " ".join(subnet["SubnetId"] for subnet in subnets[:2]),
        "certificate": asked["CertificateArn"],
    }


# What a cloud says unasked.
UNASKED = {
    "access_logs.s3.bucket", "access_logs.s3.enabled", "access_logs.s3.prefix", "deletion_protection.enabled",
    "load_balancing.cross_zone.enabled", "slow_start.duration_seconds",
    "target_group_health.dns_failover.minimum_healthy_targets.count",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
    "stickiness.app_cookie.cookie_name", "stickiness.app_cookie.duration_seconds", "waf.fail_open.enabled",
}


def attributes(answer):
    return {one["Key"]: one["Value"] for one in answer["Attributes"] if one["Key"] not in UNASKED}


def sticky(told):
    """Of stickiness that is off nothing else matters."""
    if told.get("stickiness.enabled") == "true":
        return told
    return {key: value for key, value in told.items() if key == "stickiness.enabled" or not key.startswith("stickiness.")}


def read():
    elb = boto3.client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    groups = elb.describe_target_groups()["TargetGroups"]
    for group in groups:
        arn = group["TargetGroupArn"]
        group["Attributes"] = sticky(attributes(elb.describe_target_group_attributes(TargetGroupArn=arn)))
        health = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        group["Targets"] = [f"{one['Target']['Id']}:{one['Target']['Port']}" for one in health]
    listeners = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    for listener in listeners:
        arn = listener["ListenerArn"]
        told = attributes(elb.describe_listener_attributes(ListenerArn=arn))
        listener["Attributes"] = {key: value for key, value in told.items() if ".access_control_" in key}
        rules = [rule for rule in elb.describe_rules(ListenerArn=arn)["Rules"] if not rule["IsDefault"]]
        listener["Rules"] = sorted(rules, key=lambda rule: int(rule["Priority"]))
    return {
        "attributes": attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)),
        "groups": groups,
        "listeners": listeners,
    }


print(json.dumps({"network": network, "read": read}[sys.argv[1]]()))
