# Containers. Each docker-X has a docker-dev-X, which mounts the source and reloads.
# The names of Cluserve's compose file are taken where ours are not set.
DEV :=
DEPLOY_CONTEXT    ?= $(or $(CLUSERVE_CONTEXT),..)
DEPLOY_DOCKERFILE ?= $(or $(CLUSERVE_DOCKERFILE),Dockerfile)
DEPLOY_IMAGE      ?= $(or $(CLUSERVE_IMAGE),shoal$(if $(DEV),:dev))
DEPLOY_CONTAINER  ?= $(or $(CLUSERVE_CONTAINER),shoal$(DEV))
DEPLOY_ADDRESS    ?= 127.0.0.1
DEPLOY_PORT       ?= $(or $(CLUSERVE_PORT),8002)
DEPLOY_PROJECT    ?= shoal$(DEV)
DEPLOY_SECRETS    ?= $(CURDIR)/deploy/secrets
DEPLOY_CONFIGS    ?= $(CURDIR)/configs
COMPOSE           ?= $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)

deploy_names := CONTEXT DOCKERFILE IMAGE CONTAINER ADDRESS PORT SECRETS CONFIGS
compose = $(foreach name,$(deploy_names),DEPLOY_$(name)='$(DEPLOY_$(name))') $(COMPOSE) \
	--project-name $(DEPLOY_PROJECT) --file deploy/compose.yml $(if $(DEV),--file deploy/compose.dev.yml)
# Without a terminal, as in scripts, none is asked for.
no_tty = $(shell test -t 0 || echo -T)

.PHONY: docker-build docker-up docker-stop docker-down docker-logs docker-restart docker-config docker-tty docker-cmd

docker-build: docker-secrets ## build the image; ARGS="--pull"
	@$(compose) build $(ARGS)

docker-up: docker-secrets ## start server and PostgreSQL on http://127.0.0.1:8002
	@$(compose) up --detach $(ARGS)

docker-stop: ## stop the containers
	@$(compose) stop $(ARGS)

docker-down: ## remove the containers; ARGS=--volumes removes the data too
	@$(compose) down $(ARGS)

docker-logs: ## what the containers said; ARGS=--follow
	@$(compose) logs $(ARGS)

docker-restart: ## start the containers anew
	@$(compose) restart $(ARGS)

docker-config: docker-secrets ## the composition with all its values
	@$(compose) config $(ARGS)

docker-tty: ## a shell in the server's container
	@$(compose) exec $(ARGS) shoal sh

docker-cmd: ## run CMD="shoal study list" in the server's container
	@$(compose) exec $(no_tty) $(ARGS) shoal $(CMD)

docker-dev-%: ## each of them with the source mounted: docker-dev-up ...
	@$(MAKE) --no-print-directory docker-$* DEV=-dev

docker-secrets:
	@deploy/secrets.sh '$(DEPLOY_SECRETS)'
