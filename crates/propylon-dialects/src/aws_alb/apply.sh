
elb() { aws elbv2 "$@" --output text; }

# The security group that clients come through.
clients() {
  local id port
  id=$(aws ec2 describe-security-groups --output text --query 'SecurityGroups[0].GroupId' \
    --filters Name=group-name,Values=mcp-gate "Name=vpc-id,Values=$VPC_ID")
  if [ "$id" = None ]; then
    id=$(aws ec2 create-security-group --output text --query GroupId --vpc-id "$VPC_ID" \
      --group-name mcp-gate --description 'Clients of the MCP load balancer')
    for port in "${ports[@]}"; do
      aws ec2 authorize-security-group-ingress --group-id "$id" --protocol tcp \
        --port "$port" --cidr "${CLIENT_CIDR:-0.0.0.0/0}" > /dev/null
    done
  fi
  echo "$id"
}

# The load balancer's ARN.
balancer() {
  local arn
  arn=$(elb describe-load-balancers --names mcp-gate --query 'LoadBalancers[0].LoadBalancerArn' 2> /dev/null) || arn=
  if [ -z "$arn" ]; then
    # shellcheck disable=SC2086
    arn=$(elb create-load-balancer --name mcp-gate --type application --scheme "${SCHEME:-internet-facing}" \
      --subnets $SUBNET_IDS --security-groups "$clients" --query 'LoadBalancers[0].LoadBalancerArn')
  fi
  echo "$arn"
}

# The attributes as one JSON list.
joined() {
  local IFS=,
  echo "[${attributes[*]}]"
}

# The ARN of a target group with these health checks and attributes.
group() {
  local name=$1 protocol=$2 port=$3 arn
  arn=$(elb describe-target-groups --names "$name" --query 'TargetGroups[0].TargetGroupArn' 2> /dev/null) || arn=
  if [ -z "$arn" ]; then
    arn=$(elb create-target-group --name "$name" --target-type ip --vpc-id "$VPC_ID" \
      --protocol "$protocol" --protocol-version HTTP1 --port "$port" \
      "${health[@]}" --query 'TargetGroups[0].TargetGroupArn')
  else
    elb modify-target-group --target-group-arn "$arn" "${health[@]}" > /dev/null
  fi
  elb modify-target-group-attributes --target-group-arn "$arn" --attributes "$(joined)" > /dev/null
  echo "$arn"
}

# The ARN of the listener on a port.
listener() {
  local port=$1 arn
  shift
  arn=$(elb describe-listeners --load-balancer-arn "$balancer" --query "Listeners[?Port==\`$port\`].ListenerArn")
  if [ -z "$arn" ]; then
    elb create-listener --load-balancer-arn "$balancer" --port "$port" "$@" --query 'Listeners[0].ListenerArn'
  else
    elb modify-listener --listener-arn "$arn" --port "$port" "$@" --query 'Listeners[0].ListenerArn'
  fi
}

# Learns which rules a listener has.
known() {
  rules=$(elb describe-rules --listener-arn "$1" --query 'Rules[?!IsDefault].[Priority, RuleArn]')
}

# The rule of a listener at a place in its order.
rule() {
  local listener=$1 priority=$2 conditions=$3 actions=$4 arn
  arn=$(awk -v place="$priority" '$1 == place { print $2 }' <<< "$rules")
  if [ -z "$arn" ]; then
    elb create-rule --listener-arn "$listener" --priority "$priority" --conditions "$conditions" \
      --actions "$actions" ${transforms:+--transforms "$transforms"} > /dev/null
  elif [ -z "$transforms" ]; then
    elb modify-rule --rule-arn "$arn" --conditions "$conditions" --actions "$actions" --reset-transforms > /dev/null
  else
    elb modify-rule --rule-arn "$arn" --conditions "$conditions" --actions "$actions" \
      --transforms "$transforms" > /dev/null
  fi
}

# Takes away what an earlier run put behind the last rule.
beyond() {
  local arn
  for arn in $(awk -v last="$1" '$1 > last { print $2 }' <<< "$rules"); do
    elb delete-rule --rule-arn "$arn"
  done
}
