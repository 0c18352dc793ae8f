//! The stage of the AWS command line: moto answers for the API, with a load balancer to change.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use propylon_testkit::{Guarded, free_address, within};

use crate::peers;

const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a load balancer, a target group and a listener, and prints their names as a shell takes them.
const SETUP: &str = r#"
import boto3, sys
region = dict(endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
ec2, elb = boto3.client("ec2", **region), boto3.client("elbv2", **region)
acm = boto3.client("acm", **region)
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
nets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone="us-east-1" + zone)["Subnet"]["SubnetId"]
        for n, zone in enumerate("ab")]
alb = elb.create_load_balancer(Name="mcp", Subnets=nets)["LoadBalancers"][0]["LoadBalancerArn"]
group = elb.create_target_group(Name="mcp", Protocol="HTTP", Port=3001, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
certificate = acm.request_certificate(DomainName="mcp.example.com")["CertificateArn"]
listener = elb.create_listener(LoadBalancerArn=alb, Protocol="HTTPS", Port=443,
    Certificates=[{"CertificateArn": certificate}],
    DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])["Listeners"][0]["ListenerArn"]
for name, value in dict(ALB=alb, TG=group, LISTENER=listener).items():
    print(f"{name}={value}")
"#;

/// Answers for AWS until dropped.
pub(super) struct Aws {
    _moto: Guarded,
    pub(super) variables: Vec<(String, String)>,
}

impl Aws {
    pub(super) fn start(folder: &Path) -> anyhow::Result<Self> {
        let address = free_address();
        let mut command = peers::command("moto")?;
        command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]);
        command.current_dir(folder);
        let moto = Guarded::start(command);
        let is_up = within(PATIENCE, || TcpStream::connect(address).ok());
        ensure!(
            is_up.is_some(),
            "moto does not start: {}",
            moto.output().text()
        );
        let url = format!("http://{address}");
        let mut python: Command = peers::command("python-sdk")?;
        let output = python
            .args(["-c", SETUP, &url])
            .output()
            .context("cannot start Python")?;
        ensure!(
            output.status.success(),
            "no load balancer: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut variables: Vec<(String, String)> = said
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        for (name, value) in [
            ("AWS_ENDPOINT_URL", &*url),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "b"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ] {
            variables.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self {
            _moto: moto,
            variables,
        })
    }
}
