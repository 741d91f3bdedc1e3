# Expected values of mixed models, computed by lmerTest and pbkrtest. `make reference` runs this script and stores its
# output. Each model is stored with its response, its columns and its groups, so that the tests need no R.
suppressPackageStartupMessages({library(lmerTest); library(pbkrtest); library(jsonlite)})
options(contrasts = c("contr.sum", "contr.poly"), digits = 15)

models <- list()
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10), calc.derivs = FALSE,
                       check.conv.singular = "ignore")
ways <- c("satterthwaite" = "Satterthwaite", "kenward-roger" = "Kenward-Roger")

# One parameter after the other: `contest1D`.
of_contrasts <- function(model, count, way) {
  lapply(seq_len(count), function(k) {
    found <- contest1D(model, diag(count)[k, ], ddf = way, confint = TRUE)
    list(estimate = found$Estimate, standard_error = found$`Std. Error`, df = found$df, p = found$`Pr(>|t|)`,
         low = found$lower, high = found$upper)
  })
}

# All parameters of a term: `contestMD` for Satterthwaite, `KRmodcomp` for Kenward-Roger.
of_term <- function(model, rows, count) {
  L <- diag(count)[rows, , drop = FALSE]
  found <- contestMD(model, L, ddf = "Satterthwaite")
  kr <- KRmodcomp(as(model, "lmerMod"), L)$test["Ftest", ]
  list(contrasts = L,
       "satterthwaite" = list(f = found$`F value`, df = found$NumDF, residual_df = found$DenDF, p = found$`Pr(>F)`),
       "kenward-roger" = list(f = kr$stat, df = kr$ndf, residual_df = kr$ddf, p = kr$p.value))
}

add <- function(name, formula, data) {
  model <- lmer(formula, data, control = control)
  X <- getME(model, "X")
  assigned <- attr(model.matrix(model), "assign")
  components <- as.data.frame(VarCorr(model))
  groups <- getME(model, "flist")
  models[[length(models) + 1]] <<- list(
    name = name, formula = deparse1(formula), values = unname(getME(model, "y")),
    fixed = unname(matrix(X, nrow(X))),
    groups = unname(lapply(components$grp[-nrow(components)], function(each) as.integer(groups[[each]]))),
    components = components$vcov,
    contrasts = lapply(ways, function(way) of_contrasts(model, ncol(X), way)),
    terms = lapply(unique(assigned[assigned > 0]), function(term) of_term(model, which(assigned == term), ncol(X))))
}

# Complete blocks
add("sleep, complete blocks", extra ~ group + (1 | ID), sleep)
add("ergoStool, complete blocks", effort ~ Type + (1 | Subject), as.data.frame(nlme::ergoStool))
add("ham, crossed and nested", Informed.liking ~ Product * Information + (1 | Consumer) + (1 | Product:Consumer),
    subset(ham, as.integer(Consumer) <= 20))

# Incomplete blocks
set.seed(1)
d <- expand.grid(b = factor(1:8), a = factor(1:4))[-c(1, 6, 11, 16, 21, 26, 31, 2, 9), ]
d$y <- rnorm(nrow(d)) + 2 * rnorm(8)[d$b] + .5 * as.numeric(d$a)
add("incomplete blocks", y ~ a + (1 | b), d)
set.seed(2)
d <- data.frame(b = factor(rep(1:10, each = 2)), a = factor(c(combn(5, 2))))
d$y <- rnorm(20) + rnorm(10)[d$b] + (d$a == 5)
add("balanced incomplete blocks", y ~ a + (1 | b), d)

# Nested, unbalanced
set.seed(3)
d <- data.frame(run = factor(rep(1:12, times = sample(2:9, 12, TRUE))))
d$condition <- factor((as.integer(d$run) - 1) %/% 4)
d$y <- rnorm(nrow(d)) + rnorm(12)[d$run] + (d$condition == 2)
add("runs in conditions, unbalanced", y ~ condition + (1 | run), d)
set.seed(4)
d <- data.frame(run = factor(rep(1:6, times = c(2, 3, 4, 2, 5, 2))))
d$condition <- factor(as.integer(d$run) > 3)
d$y <- 3 * rnorm(nrow(d)) + 3 * rnorm(6)[d$run]
add("three runs in each condition", y ~ condition + (1 | run), d)
add("beets, split plots", sugpct ~ block + sow + harvest + (1 | block:harvest), beets)
set.seed(5)
d <- subset(lme4::cake, runif(270) < .7)
add("cake, unbalanced split plots", angle ~ recipe * temperature + (1 | recipe:replicate),
    transform(d, temperature = factor(temperature, ordered = FALSE)))
add("sleepstudy, covariate", Reaction ~ Days + (1 | Subject), lme4::sleepstudy[c(1:37, 43:90, 95:140, 150:180), ])

# Crossed
set.seed(6)
d <- expand.grid(seed = factor(1:9), run = factor(1:10))
d$condition <- factor(as.integer(d$run) > 5)
d$y <- rnorm(90) + 1.5 * rnorm(9)[d$seed] + .8 * rnorm(10)[d$run] + .7 * (d$condition == TRUE)
add("runs and seeds, balanced", y ~ condition + (1 | run) + (1 | seed), d)
d <- d[-c(3, 7, 12, 13, 20, 31, 32, 33, 45, 61, 77, 78, 79, 80), ]
add("runs and seeds, unbalanced", y ~ condition + (1 | run) + (1 | seed), d)
d$half <- factor(as.integer(d$seed) %% 2)
add("runs and seeds, two factors", y ~ condition * half + (1 | run) + (1 | seed), d)
add("Penicillin", diameter ~ half + (1 | plate) + (1 | sample),
    transform(lme4::Penicillin[-c(2, 9, 30), ], half = factor(as.integer(plate) %% 2)))

# Boundary: components of 0
set.seed(7)
d <- data.frame(b = factor(rep(1:7, each = 3)), a = factor(1:3))[-c(2, 9), ]
d$y <- rnorm(nrow(d))
d$y <- d$y - .9 * ave(d$y, d$b)
add("boundary, incomplete blocks", y ~ a + (1 | b), d)
set.seed(8)
d <- expand.grid(seed = factor(1:6), run = factor(1:8))[-c(4, 11, 26), ]
d$condition <- factor(as.integer(d$run) %% 2)
d$y <- rnorm(nrow(d)) + 2 * rnorm(8)[d$run]
d$y <- d$y - ave(d$y, d$seed)
add("boundary, runs and seeds", y ~ condition + (1 | run) + (1 | seed), d)

versions <- c(R = R.version.string, sapply(c("lme4", "lmerTest", "pbkrtest"), function(each) as.character(packageVersion(each))))
lines <- sapply(models, function(each) toJSON(each, digits = NA, auto_unbox = TRUE, matrix = "rowmajor"))
out <- commandArgs(TRUE)[1]
writeLines(c(paste0('{"versions": ', toJSON(as.list(versions), auto_unbox = TRUE), ', "models": ['), paste(lines, collapse = ",\n"), "]}"), out)
cat(length(models), "mixed models\n")
